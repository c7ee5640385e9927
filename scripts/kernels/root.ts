/** Makes a root file system of another architecture, with all that the tests take: Debian packages and npm packages. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Apt, type DebianArchitecture } from './apt.ts'
import { CACHE, make } from './fetch.ts'

const project = path.join(import.meta.dirname, '../..')

const SUITE = 'bookworm'

/** Of Debian: a shell, libbpf, and the C and C++ libraries of Node. */
const PACKAGES = ['busybox-static', 'libbpf1', 'libelf1', 'zlib1g', 'libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1']

/** Where the npm packages lie in it. */
export const NODE_MODULES = '/opt/tests/node_modules'

/** Folder with the root file system, made if it is not there or has other npm packages. Throws where that fails. */
export function foreignRoot(architecture: DebianArchitecture): string {
  const folder = path.join(CACHE, `root-${architecture}`)
  const lock = readFileSync(path.join(project, 'package-lock.json'), 'utf8')
  const stamp = path.join(folder, path.dirname(NODE_MODULES), 'package-lock.json')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return folder
  make(folder, (root, work) => {
    const apt = new Apt(work, SUITE, architecture)
    for (const name of PACKAGES) apt.unpack(name, root)
    for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'etc', 'var/tmp', 'usr/bin', 'usr/sbin', 'sbin']) {
      mkdirSync(path.join(root, name), { recursive: true })
    }
    symlinkSync('busybox', path.join(root, 'bin/sh'))
    writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
    writeFileSync(path.join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
    installPackages(path.join(root, path.dirname(NODE_MODULES)), work, architecture)
  })
  return folder
}

/** Those of package-lock.json, and Node itself, whose own installer would bring it for this machine. */
function installPackages(folder: string, work: string, architecture: DebianArchitecture): void {
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(path.join(project, name), path.join(folder, name))
  }
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  npm(folder, 'ci', '--os=linux', `--cpu=${architecture}`, '--libc=glibc', ...options)
  const node = `node-linux-${architecture}`
  // without one npm looks for a project in the folders above
  writeFileSync(path.join(work, 'package.json'), '{}')
  npm(work, 'install', '--prefix', work, '--no-save', '--force', ...options, `${node}@${process.versions.node}`)
  const bin = path.join(folder, 'node_modules/node/bin')
  mkdirSync(bin, { recursive: true })
  cpSync(path.join(work, 'node_modules', node, 'bin/node'), path.join(bin, 'node'))
  rmSync(path.join(folder, 'node_modules/.bin/node'), { force: true })
  symlinkSync('../node/bin/node', path.join(folder, 'node_modules/.bin/node'))
}

function npm(folder: string, ...args: readonly string[]): void {
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}
