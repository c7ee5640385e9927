import { existsSync, globSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents } from '../../scripts/release/documents.ts'
import { flags } from '../../src/cli/flags.ts'
import { registry } from '../../src/tracers/registry.ts'
import { bindings } from '../../src/ui/state/keys.ts'
import { isCommand, knownFlags, wrongIn } from '../support/commands.ts'
import { blocksIn, codeIn, linksIn, pageText, shellLinesIn, tablesIn } from '../support/documentation.ts'

/** The keys of all views. */
const VIEW_KEYS = `\`1\`-\`${registry.views.length}\``

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('{docs,deploy}/**/*.md')]

/** Commands that nothing here can read, each with the reason why it is right. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'sudo install -o root -g ebpf-top -m 750 "$(readlink -f "$(which node)")" /usr/local/bin/node-bpf':
    'copies a file, which it names itself',
  'tar xzf ebpf-top-VERSION-linux-x86_64.tar.gz && sudo ./ebpf-top-VERSION-linux-x86_64/ebpf-top':
    'test/packages unpacks and runs it',
  'sudo dpkg -i ebpf-top_VERSION_amd64.deb': 'test/packages does',
  'sudo rpm -i ebpf-top-VERSION-1.x86_64.rpm': 'test/packages does',
  'skopeo copy oci-archive:ebpf-top-VERSION-image-amd64.tar docker-daemon:ebpf-top:VERSION':
    'needs docker; test/packages runs the image without',
  'sha256sum -c SHA256SUMS': 'test/packages does',
  'sudo apt remove ebpf-top': 'test/packages removes it by dpkg',
  'sudo rpm -e ebpf-top': 'test/packages does',
  'npm version': 'is of npm itself',
  'ebpf-top VERSION': 'a part of the header of the screen',
  'docker run --pid=host': 'a part of a command of docker',
  'chrt --rr 1 ebpf-top': 'the scheduling of util-linux, tried by hand',
}

/** Flags of other programs. */
const FOREIGN_FLAGS: Readonly<Record<string, string>> = {
  '--pid=host': 'docker run',
  '--loglevel=notice': 'npm',
  '-mcpu=v2': 'clang',
  '-bin': 'the end of a key of gRPC',
}

/** Languages of code blocks; lines of `sh` are commands. */
const LANGUAGES = ['sh', 'text']

const KNOWN = knownFlags()

describe.each(PAGES)('%s', page => {
  const text = pageText(page)

  test('says of each code block what it is', () => {
    expect(blocksIn(text).filter(({ language }) => !LANGUAGES.includes(language))).toEqual([])
  })

  test('shows commands that are right', () => {
    const shown = [...shellLinesIn(text), ...codeIn(text).filter(isCommand)]
    const wrong = shown.filter(line => !(line in EXCEPTIONS)).map(line => [line, wrongIn(line)])
    expect(wrong.filter(([, what]) => what !== null)).toEqual([])
  })

  test('names flags that there are', () => {
    const named = codeIn(text).filter(code => !isCommand(code) && !(code in FOREIGN_FLAGS))
    // a flag may stand with its value and with others: `-d, --delay SECONDS`
    const found = named.flatMap(
      code => (/^-{1,2}[a-zA-Z]/.test(code) ? code.match(/(?<=^|[ ,])-{1,2}[a-zA-Z][\w-]*/g) : []) ?? [],
    )
    expect(found.filter(flag => !KNOWN.has(flag))).toEqual([])
  })

  test('leads to files that are there', () => {
    for (const link of linksIn(text)) {
      expect(existsSync(path.join(path.dirname(page), link)), link).toBe(true)
    }
  })
})

test('exceptions are shown somewhere', () => {
  const shown = new Set(PAGES.flatMap(page => [...shellLinesIn(pageText(page)), ...codeIn(pageText(page))]))
  expect([...Object.keys(EXCEPTIONS), ...Object.keys(FOREIGN_FLAGS)].filter(line => !shown.has(line))).toEqual([])
})

describe('README.md', () => {
  const rowsBelow = (heading: string): readonly (readonly string[])[] =>
    tablesIn(pageText('README.md')).find(table => table.heading === heading)?.rows ?? []

  test('has each flag with its value, and no other', () => {
    const shown = rowsBelow('Flags').flatMap(([names = '']) => codeIn(names))
    const written = flags.map(flag => {
      const names = 'short' in flag ? `-${flag.short}, --${flag.name}` : `--${flag.name}`
      return 'value' in flag ? `${names} ${flag.value}` : names
    })
    expect([...shown].sort()).toEqual(written.sort())
  })

  test('has each key, and no other', () => {
    const shown = rowsBelow('Keys').flatMap(([keys = '']) =>
      keys.includes(VIEW_KEYS)
        ? [...registry.views.keys().map(place => String(place + 1)), ...codeIn(keys)]
        : codeIn(keys),
    )
    const bound = bindings().flatMap(binding => binding.shown.split(' '))
    expect([...new Set(shown)].sort()).toEqual([...new Set([...bound, 'Ctrl-C'])].sort())
  })
})

test('each view has a picture, of less than 150 kB, and each picture is shown', () => {
  const pictures = globSync('docs/pictures/*')
  const links = PAGES.flatMap(page => linksIn(pageText(page)).map(link => path.join(path.dirname(page), link)))
  expect(pictures.sort()).toEqual([...new Set(links.filter(link => link.includes('pictures/')))].sort())
  expect(pictures).toEqual(
    expect.arrayContaining([...registry.views, 'groups', 'help'].map(name => `docs/pictures/${name}.svg`)),
  )
  expect(pictures.filter(file => statSync(file).size > 150_000)).toEqual([])
})

test('links of what packages bring lead to what they bring', () => {
  const shipped = documents()
  for (const page of shipped.filter(name => name.endsWith('.md'))) {
    for (const link of linksIn(pageText(page))) {
      const target = path.join(path.dirname(page), link)
      const isThere = shipped.some(name => name === target || name.startsWith(`${target.replace(/\/$/, '')}/`))
      expect(isThere, `${page}: ${link}`).toBe(true)
    }
  }
})

describe('a line for a shell', () => {
  test.each([
    'npm strat',
    'npm run tset',
    'npm start -- --onec',
    'npm start --once',
    'npm run test:kernels -- --fwe',
    'npx vitest run --project untit',
    'npx vitest run --project unit test/unit/none.test.ts',
    'npm install -g ebpf-tpo',
    'sudo ebpf-top --veiw slow',
    'sudo ebpf-top --output yaml | jq .',
    'ebpf-top --instal',
    'sudo setcap cap_bfp+ep /usr/local/bin/node',
    'setpriv --inh-caps=+bfp ebpf-top',
    'setpriv --inh-caps=+bpf ebpf-top --onec',
    'groupad ebpf-top',
    'make install',
  ])('is wrong: %s', line => expect(wrongIn(line)).not.toBe(null))
})
