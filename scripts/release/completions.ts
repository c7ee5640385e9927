/** Completions of the command line for shells, from the table of flags. */

import { allFlags, choices, isFile, names } from './flag-values.ts'

/** Below /usr/share/bash-completion/completions. */
export function bashCompletion(): string {
  const cases = allFlags
    .filter(({ value }) => value !== undefined)
    .map(flag => {
      const words = choices(flag).length === 0 ? '' : ` -W '${choices(flag).join(' ')}'`
      const files = isFile(flag) ? ' -f' : ''
      const reply = words + files === '' ? '' : ` mapfile -t COMPREPLY < <(compgen${words}${files} -- "$word");`
      return `    ${names(flag).join(' | ')})${reply} return ;;`
    })
  return `# bash completion for ebpf-top, made from its table of flags

_ebpf_top() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  # --flag=value comes as three words
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case $before in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W '${allFlags.flatMap(names).join(' ')}' -- "$word")
}
complete -o filenames -F _ebpf_top ebpf-top
`
}

/** As the file _ebpf-top in a folder of $fpath. */
export function zshCompletion(): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&')
  const lines = allFlags.map(flag => {
    const [first = '', second] = names(flag)
    const words = choices(flag)
    const action = words.length > 0 ? `(${words.join(' ')})` : isFile(flag) ? '_files' : ' '
    const value = flag.value === undefined ? '' : `:${quoted(flag.value)}:${action}`
    const text = `[${quoted(flag.help)}]${value}`
    // a flag that takes a value may be followed by it after = as well
    const equals = flag.value === undefined ? '' : '='
    const star = flag.repeatable === true ? '*' : ''
    if (second === undefined) return `  '${star}${first}${equals}${text}'`
    return `  '(${first} ${second})'{${first},${second}${equals}}'${text}'`
  })
  return `#compdef ebpf-top
# made from the table of flags of ebpf-top

_arguments -s -S \\
${lines.join(' \\\n')}
`
}

/** Below /usr/share/fish/vendor_completions.d. */
export function fishCompletion(): string {
  const lines = allFlags.map(flag => {
    const words = choices(flag)
    const parts = [
      ...(flag.short === undefined ? [] : [`-s ${flag.short}`]),
      `-l ${flag.name}`,
      ...(flag.value === undefined ? [] : [isFile(flag) ? '-r -F' : '-x']),
      ...(words.length === 0 ? [] : [`-a '${words.join(' ')}'`]),
      `-d '${flag.help.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
    ]
    return `complete -c ebpf-top ${parts.join(' ')}`
  })
  return `# made from the table of flags of ebpf-top\ncomplete -c ebpf-top -f\n${lines.join('\n')}\n`
}
