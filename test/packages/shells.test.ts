import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bashCompletion, fishCompletion, zshCompletion } from '../../scripts/release/completions.ts'
import { allFlags } from '../../scripts/release/flag-values.ts'
import { manPage } from '../../scripts/release/man.ts'

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebpf-top-shells-'))
  mkdirSync(join(folder, 'zsh'))
  writeFileSync(join(folder, 'ebpf-top.bash'), bashCompletion())
  writeFileSync(join(folder, 'zsh/_ebpf-top'), zshCompletion())
  writeFileSync(join(folder, 'ebpf-top.fish'), fishCompletion())
  writeFileSync(join(folder, 'ebpf-top.8'), manPage('1.2.3', new Date(0)))
  writeFileSync(join(folder, 'ebpf-top'), '#!/bin/sh\n')
  execFileSync('chmod', ['755', join(folder, 'ebpf-top')])
})
afterAll(() => rmSync(folder, { recursive: true }))

const flags = allFlags.map(({ name }) => `--${name}`)

/** What each shell offers after these words; the last one is begun. */
const shells = {
  bash(words: readonly string[]): string[] {
    const script = `source /usr/share/bash-completion/bash_completion; source ${folder}/ebpf-top.bash
COMP_WORDS=(ebpf-top "$@"); COMP_CWORD=$#; _ebpf_top; printf '%s\\n' "\${COMPREPLY[@]}"`
    return lines(execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' }))
  },
  fish(words: readonly string[]): string[] {
    const line = ['ebpf-top', ...words].join(' ')
    const script = `source ${folder}/ebpf-top.fish; complete -C '${line}'`
    return lines(execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' })).map(
      text => text.split('\t')[0] ?? '',
    )
  },
  /** In a terminal of zsh's own, since its completion is for people alone. */
  zsh(words: readonly string[]): string[] {
    const line = ['ebpf-top', ...words].join(' ')
    const script = `
zmodload zsh/zpty
zpty z zsh -f -i
send() { zpty -w z "$1" }
send "PROMPT= RPROMPT=; stty columns 200 rows 1000; fpath=(${folder}/zsh \\$fpath); autoload -Uz compinit; compinit -u -D"
send "LISTMAX=10000; zstyle ':completion:*' list-grouped false; zstyle ':completion:*' force-list always; setopt no_list_ambiguous no_menu_complete; bindkey '^X' list-choices; PATH=${folder}:\\$PATH; echo READY"
zpty -r z out "*READY*READY*"
zpty -w -n z $'${line}\\x18'
sleep 2
zpty -r -t z out "*" ; print -r -- "$out"
while zpty -r -t z more; do print -r -- "$more"; done
zpty -d z`
    const text = execFileSync('zsh', ['-f', '-c', script], { encoding: 'utf8' })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told
    return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, ' ').split(/\s+/)
  },
} as const

function lines(text: string): string[] {
  return text.split('\n').filter(line => line !== '')
}

describe.each(['bash', 'zsh', 'fish'] as const)('in %s', shell => {
  test('all flags are offered', () => {
    expect(shells[shell](['--'])).toEqual(expect.arrayContaining(flags))
  })

  test('the words that a value can be are offered', () => {
    expect(shells[shell](['--output', ''])).toEqual(expect.arrayContaining(['text', 'json', 'csv']))
  })
})

test('bash completes a value after =', () => {
  expect(shells.bash(['--output', '=', 'j'])).toEqual(['json'])
})

test('the man page has every flag, and nothing that man warns of', () => {
  const page = execFileSync('man', ['--warnings', '-E', 'UTF-8', '-l', join(folder, 'ebpf-top.8')], {
    encoding: 'utf8',
    env: { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8', MAN_KEEP_FORMATTING: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const flag of flags) expect(page).toContain(flag)
  expect(page).toContain('EXIT STATUS')
})
