/** Clean systems to install into: made from Debian's packages once, and thrown away after each test. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }

const ROOT = path.join(import.meta.dirname, '../..')
const CACHE = path.join(ROOT, '.cache/roots')

export const RELEASE = path.join(ROOT, 'release')
export const { version } = packageJson

/** Releases of Debian by number. */
const SUITES = { 11: 'bullseye', 12: 'bookworm', 13: 'trixie' } as const

export const debians = [11, 12, 13] as const
export type Debian = (typeof debians)[number]

/** As this machine is called by the kernel, by Debian and by rpm. */
const MACHINES = { x64: ['x86_64', 'amd64', 'x86_64'], arm64: ['aarch64', 'arm64', 'aarch64'] } as const
export const [machine, debian, rpm] = MACHINES[process.arch === 'arm64' ? 'arm64' : 'x64']

export const files = {
  single: path.join(RELEASE, `ebpf-top-${version}-linux-${machine}.tar.gz`),
  deb: path.join(RELEASE, `ebpf-top_${version}_${debian}.deb`),
  rpm: path.join(RELEASE, `ebpf-top-${version}-1.${rpm}.rpm`),
  npm: path.join(RELEASE, `ebpf-top-${version}.tgz`),
  image: path.join(RELEASE, `ebpf-top-${version}-image-${debian}.tar`),
} as const

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A system of its own, below this machine's kernel. */
export class System {
  readonly folder: string

  /** Gone with the test. */
  private constructor(folder: string) {
    this.folder = folder
  }

  /** A Debian with what each has, and nothing else. */
  static debian(release: Debian): System {
    const system = System.empty()
    execFileSync('tar', ['xf', archiveOf(release), '-C', system.folder])
    system.#mount()
    return system
  }

  /** Nothing at all. */
  static empty(): System {
    mkdirSync(CACHE, { recursive: true })
    const system = new System(mkdtempSync(path.join(CACHE, 'run-')))
    onTestFinished(() => system.#remove())
    return system
  }

  /** Puts a file of this machine there. */
  put(file: string, to: string): void {
    const at = path.join(this.folder, to)
    mkdirSync(path.dirname(at), { recursive: true })
    execFileSync('cp', [file, at])
  }

  /** Runs a command of its shell, as root. */
  run(command: string): Outcome {
    const { status, stdout, stderr } = spawnSync('chroot', [this.folder, '/bin/sh', '-c', command], {
      encoding: 'utf8',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', TERM: 'xterm' },
      maxBuffer: 2 ** 28,
    })
    return { status, stdout, stderr }
  }

  /** The same; throws where it fails. */
  must(command: string): string {
    const { status, stdout, stderr } = this.run(command)
    if (status !== 0) throw new Error(`${command}: ${status}\n${stderr}`)
    return stdout
  }

  /** Paths of all files, but for those that the kernel makes, and those that packages keep books in. */
  list(): string[] {
    const skip = /^(proc|sys|dev|tmp|var\/lib\/(dpkg|rpm)|var\/cache|var\/log|root)(\/|$)/
    return execFileSync('find', ['.', '-xdev', '-printf', '%P\n'], {
      cwd: this.folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
      .split('\n')
      .filter(name => name !== '' && !skip.test(name))
      .sort()
  }

  #mount(): void {
    for (const name of ['proc', 'sys', 'dev']) {
      mkdirSync(path.join(this.folder, name), { recursive: true })
      execFileSync('mount', ['--rbind', '--make-rprivate', `/${name}`, path.join(this.folder, name)])
    }
  }

  #remove(): void {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map(line => line.split(' ')[1] ?? '')
      .filter(at => at.startsWith(`${this.folder}/`))
    for (const at of mounts.reverse()) spawnSync('umount', ['-l', at])
    // never through a mount that is still there
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function archiveOf(release: Debian): string {
  const archive = path.join(CACHE, `debian-${release}.tar`)
  if (existsSync(archive)) return archive
  mkdirSync(CACHE, { recursive: true })
  const options = ['--variant=minbase', '--aptopt=Acquire::Check-Valid-Until "false"', '--quiet']
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  const line = `deb [signed-by=${keys}] ${mirror()} ${SUITES[release]} main`
  execFileSync('nice', ['mmdebstrap', ...options, SUITES[release], `${archive}.new.tar`, line], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  execFileSync('mv', [`${archive}.new.tar`, archive])
  return archive
}

/** The mirror that this machine uses. */
function mirror(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?) *(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]
    if (found !== undefined) return found
  }
  throw new Error(`no Debian mirror among ${readdirSync('/etc/apt').join(', ')}`)
}

/** What a program printed as one sample, if it is one. */
export function sampleOf({ status, stdout, stderr }: Outcome): { syscalls: unknown[]; sources: { syscalls: string } } {
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`)
  return JSON.parse(stdout)
}
