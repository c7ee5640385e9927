/** Debian packages of any release and architecture, without installing them. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** As `dpkg --print-architecture` has it. */
export type DebianArchitecture = 'amd64' | 'arm64'

/** apt-get with lists and a state of its own, for one release; the machine's are left alone. */
export class Apt {
  readonly #folder: string
  readonly #environment: NodeJS.ProcessEnv
  readonly #architecture: string

  /** Keeps what it needs in `folder`. Throws where apt-get fails. */
  constructor(folder: string, suite: string, architecture: DebianArchitecture) {
    this.#folder = path.join(folder, 'apt')
    this.#architecture = architecture
    for (const name of ['lists/partial', 'cache/archives/partial', 'etc/preferences.d', 'etc/apt.conf.d', 'debs']) {
      mkdirSync(path.join(this.#folder, name), { recursive: true })
    }
    const at = (name: string): string => path.join(this.#folder, name)
    writeFileSync(at('status'), '')
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
    const from = `[signed-by=${keys}] ${mirror()} ${suite} main`
    writeFileSync(at('sources.list'), `deb ${from}\ndeb-src ${from}\n`)
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

  /** Names of the packages that a package depends on, alternatives included. */
  dependencies(name: string): string[] {
    const depends = /^Depends: (.*)$/m.exec(this.#run('apt-cache', 'show', '--no-all-versions', name))?.[1] ?? ''
    return depends.split(/[,|]/).map(dependency => dependency.trim().split(/[ :(]/)[0] ?? '')
  }

  unpack(name: string, folder: string): void {
    const debs = path.join(this.#folder, 'debs')
    this.#run('apt-get', '-q', 'download', `${name}:${this.#architecture}`)
    for (const file of readdirSync(debs)) {
      this.#run('dpkg-deb', '-x', path.join(debs, file), folder)
      rmSync(path.join(debs, file))
    }
  }

  /** Unpacks the sources of a package as its authors published them. */
  unpackSource(name: string, folder: string): void {
    const debs = path.join(this.#folder, 'debs')
    this.#run('apt-get', '-q', 'source', '--download-only', name)
    const archive = readdirSync(debs).find(file => /\.orig\.tar\.\w+$/.test(file))
    if (archive === undefined) throw new Error(`apt-get has no sources of ${name}`)
    mkdirSync(folder, { recursive: true })
    this.#run('tar', 'xf', archive, '-C', folder, '--strip-components=1')
    for (const file of readdirSync(debs)) rmSync(path.join(debs, file))
  }

  /** Version that apt-get would install. */
  version(name: string): string {
    return /^Version: (.*)$/m.exec(this.#run('apt-cache', 'show', '--no-all-versions', name))?.[1] ?? ''
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
