import { execFile, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ebpf-top-setup-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

function program(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
}

function sh(command: string, environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', command], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  })
  return { status, stdout, stderr }
}

describe('what dist/ is built from', () => {
  test('is told by content, also where a file is older than the build', () => {
    const checkout = folder()
    for (const name of ['bpf', 'src', 'scripts', 'package.json', 'package-lock.json']) {
      cpSync(join(ROOT, name), join(checkout, name), { recursive: true })
    }
    const print = (): string => sh(`sh ${checkout}/scripts/fingerprint.sh`).stdout
    const before = print()
    const file = join(checkout, 'src/cli.ts')
    utimesSync(file, 1e9, 1e9)
    expect(print()).toBe(before)
    writeFileSync(file, 'other\n')
    utimesSync(file, 1e9, 1e9)
    expect(print()).not.toBe(before)
  })
})

describe('clang', () => {
  const withCompilers = (versions: Readonly<Record<string, number>>, command: string) => {
    const bin = folder()
    for (const [name, version] of Object.entries(versions)) {
      program(join(bin, name), `[ "$1" = -dumpversion ] && echo ${version}.0.1 || echo ${name} "$@"`)
    }
    for (const name of ['seq', 'cut', 'sh']) program(join(bin, name), `exec /usr/bin/${name} "$@"`)
    return sh(command, { PATH: bin })
  }
  const run = '/bin/sh scripts/clang.sh -c x.c'

  test('is the one of that name where it is new enough', () => {
    expect(withCompilers({ clang: 14, 'clang-19': 19 }, run).stdout).toBe('clang -c x.c\n')
  })

  test('is the newest other one where that one is old', () => {
    expect(withCompilers({ clang: 11, 'clang-13': 13, 'clang-16': 16 }, run).stdout).toBe('clang-16 -c x.c\n')
  })

  test('is missing where all are old', () => {
    const { status, stderr } = withCompilers({ clang: 11, 'clang-12': 12 }, run)
    expect({ status, stderr }).toEqual({ status: 127, stderr: 'clang.sh: there is no clang 13 or newer here\n' })
  })
})

describe('set-up', () => {
  test("says that it waits for a stranger's lock, and goes on without", async () => {
    const at = folder()
    chmodSync(at, 0o755)
    writeFileSync(join(at, 'package.json'), '{}')
    const stranger = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups'] : []
    const holder = [...stranger, 'flock', 'package.json', 'sh', '-c', 'echo held; read line']
    const held = spawn('env', holder, { cwd: at, stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void held.kill())
    await new Promise(resolve => held.stdout.once('data', resolve))
    const waiting = 'setup: waiting for another set-up in this folder to end, a minute at most'
    const command = `. ${ROOT}/scripts/setup/say.sh; . ${ROOT}/scripts/setup/turns.sh; cd ${at}; take_turns`
    const { status, stdout, stderr } = sh(`${command} 1`)
    expect(status).toBe(0)
    expect((stdout + stderr).trimEnd().split('\n')).toEqual([
      waiting,
      'setup: somebody holds the lock of package.json: going on without',
    ])
    setTimeout(() => held.stdin.end(), 100)
    const later = await promisify(execFile)('sh', ['-euc', `${command} 60`])
    expect(`${later.stdout}${later.stderr}`.trimEnd()).toBe(waiting)
  })

  test('says in two lines that there is no network', () => {
    const { status, stderr } = sh(
      '. scripts/setup/say.sh; exec >&2; needed libx sh -c "echo E: Could not resolve host; exit 100"',
    )
    expect(status).toBe(1)
    expect(stderr.trimEnd().split('\n')).toEqual([
      'setup: there is no network: libx cannot be downloaded',
      expect.stringMatching(/^ {2}connect this machine/),
    ])
  })

  test('shows what a command printed that failed by itself', () => {
    const { stderr } = sh('. scripts/setup/say.sh; exec >&2; needed libx sh -c "echo broken; exit 100" || echo failed')
    expect(stderr).toBe('broken\nfailed\n')
  })

  test('knows the packages by the names of dnf', () => {
    const { stdout } = sh('. scripts/setup/packages.sh; native clang libbpf-dev libatomic1 iproute2')
    expect(stdout.split('\n')).toEqual(['clang', 'libbpf-devel', 'libatomic', 'iproute', ''])
  })

  test.each([['node'], ['typescript'], ['@biomejs/biome']])('reads the version of %s from the lock file', name => {
    const { stdout } = sh(`. scripts/setup/npm.sh; locked ${name}`)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('the command of a checkout', () => {
  test('says how to build it where it is not built', () => {
    const checkout = folder()
    cpSync(join(ROOT, 'ebpf-top'), join(checkout, 'ebpf-top'))
    mkdirSync(join(checkout, 'bin'))
    const { status, stdout, stderr } = sh(`${checkout}/ebpf-top --version`)
    expect({ status, stdout, stderr }).toEqual({
      status: 3,
      stdout: '',
      stderr: `ebpf-top: this checkout is not built yet\n  build it: cd ${checkout} && npm run setup\n`,
    })
  })

  test('passes on what it is given, and the status', () => {
    const { status, stderr } = sh('./ebpf-top --nonsense')
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'ebpf-top: unknown flag --nonsense\n  see ebpf-top --help\n',
    })
  })
})
