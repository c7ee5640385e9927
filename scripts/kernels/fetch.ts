/** Gets Debian kernels of any release without installing them. */

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Where unpacked kernels are kept. */
export const CACHE = path.join(import.meta.dirname, '../../node_modules/.cache/kernels')

/** Packages that a kernel package is made of, by their names. */
const PARTS = /^linux-(?:image|binary|modules|base)-/

export interface DebianKernel {
  readonly name: string
  readonly suite: string
  readonly package: string
  /** As `dpkg --print-architecture` has it. */
  readonly architecture: string
}

/** Folder with the unpacked kernel, downloaded if it is not there yet. Throws where apt-get fails. */
export function fetchKernel(kernel: DebianKernel): string {
  const folder = path.join(CACHE, `${kernel.name}-${kernel.architecture}`)
  if (existsSync(folder)) return folder
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(path.join(tmpdir(), 'ebpf-top-kernel-'))
  try {
    const apt = new Apt(work, kernel)
    const unpacked = path.join(work, 'unpacked')
    for (const name of apt.parts(kernel.package)) apt.unpack(name, unpacked)
    execFileSync('cp', ['-r', unpacked, `${folder}.new`])
    renameSync(`${folder}.new`, folder)
    return folder
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** apt-get with lists and a state of its own, for one release; the machine's are left alone. */
class Apt {
  readonly #folder: string
  readonly #environment: NodeJS.ProcessEnv
  readonly #architecture: string

  constructor(folder: string, { suite, architecture }: DebianKernel) {
    this.#folder = path.join(folder, 'apt')
    this.#architecture = architecture
    for (const name of ['lists/partial', 'cache/archives/partial', 'etc/preferences.d', 'etc/apt.conf.d', 'debs']) {
      mkdirSync(path.join(this.#folder, name), { recursive: true })
    }
    const at = (name: string): string => path.join(this.#folder, name)
    writeFileSync(at('status'), '')
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
    writeFileSync(at('sources.list'), `deb [signed-by=${keys}] ${mirror()} ${suite} main\n`)
    const settings = {
      'Dir::State::status': at('status'),
      'Dir::State::lists': at('lists'),
      'Dir::Cache': at('cache'),
      'Dir::Etc': at('etc'),
      'Dir::Etc::sourcelist': at('sources.list'),
      'APT::Architecture': architecture,
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
      // releases that are no longer updated
      'Acquire::Check-Valid-Until': 'false',
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`)
    writeFileSync(at('apt.conf'), `${lines.join('\n')}\nAPT::Architectures { "${architecture}"; };\n`)
    this.#environment = { ...process.env, APT_CONFIG: at('apt.conf') }
    this.#run('apt-get', '-q', 'update')
  }

  /** The package and those it depends on that hold parts of the kernel. */
  parts(name: string): string[] {
    const found = new Set([name])
    for (const part of found) {
      const depends = /^Depends: (.*)$/m.exec(this.#run('apt-cache', 'show', '--no-all-versions', part))?.[1] ?? ''
      for (const dependency of depends.split(/[,|]/)) {
        const wanted = dependency.trim().split(/[ :(]/)[0] ?? ''
        if (PARTS.test(wanted) && /\d/.test(wanted)) found.add(wanted)
      }
    }
    return [...found]
  }

  unpack(name: string, folder: string): void {
    const debs = path.join(this.#folder, 'debs')
    this.#run('apt-get', '-q', 'download', `${name}:${this.#architecture}`)
    for (const file of readdirSync(debs)) {
      this.#run('dpkg-deb', '-x', path.join(debs, file), folder)
      rmSync(path.join(debs, file))
    }
  }

  #run(command: string, ...args: readonly string[]): string {
    return execFileSync(command, args, {
      cwd: path.join(this.#folder, 'debs'),
      env: this.#environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    })
  }
}

/** The mirror that this machine uses. */
function mirror(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?) *(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]
    if (found !== undefined) return found
  }
  throw new Error('no Debian mirror in /etc/apt/sources.list or sources.list.d/debian.sources: name one there')
}
