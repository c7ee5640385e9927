/** What the packages bring that is not ours: Node, koffi, libbpf, and the libraries that Node is linked with. */

import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Architecture, clang, GNU } from '../compile.ts'
import { Apt } from '../kernels/apt.ts'
import { make } from '../kernels/fetch.ts'

const root = path.join(import.meta.dirname, '../..')

/** Downloads are kept, as they are named by their version. */
const CACHE = path.join(root, '.cache/release')

/** The oldest Debian there are packages of: its libraries ask for no C library newer than 2.28. */
const OLD = 'bullseye'
/** Where libbpf is from, which is compiled with the headers and static libraries of the old one. */
const LIBBPF_FROM = 'trixie'

const DEBIAN = { x64: 'amd64', arm64: 'arm64' } as const

/** Packages with what libbpf is compiled and linked with. */
const SYSROOT = ['libc6', 'libc6-dev', 'linux-libc-dev', 'libelf-dev', 'zlib1g-dev']
/** Packages with the libraries that Node is linked with. */
const LIBRARIES = ['libatomic1', 'libstdc++6', 'libgcc-s1']

export interface Part {
  readonly name: string
  readonly version: string
  readonly licence: string
  /** Text of its licence. */
  readonly text: string
  /** As SBOMs name packages: a package URL. */
  readonly purl: string
}

export interface Parts {
  /** Node's executable. */
  readonly node: string
  readonly koffi: string
  readonly libbpf: string
  /** By the name that Node asks for. */
  readonly libraries: Readonly<Record<'libatomic.so.1' | 'libstdc++.so.6' | 'libgcc_s.so.1', string>>
  /** Folder with headers of the C library. */
  readonly sysroot: string
  /** Folder with a C library of today, for the image. */
  readonly libc: string
  readonly all: readonly Part[]
}

/** Gets everything for one architecture. Throws where npm, apt-get or the compiler fails. */
export function getParts(architecture: Architecture): Parts {
  const node = npmPackage(`node-linux-${architecture}`, lockedVersion('node'))
  const koffi = npmPackage(`@koromix/koffi-linux-${architecture}`, lockedVersion('koffi'))
  const debian = path.join(CACHE, `debian-${architecture}`)
  if (!existsSync(debian)) make(debian, (made, work) => fillDebian(made, work, architecture))
  const library = (name: string): string => find(path.join(debian, 'libraries'), name)
  return {
    node: path.join(node, 'bin/node'),
    koffi: path.join(koffi, `linux_${architecture}/koffi.node`),
    libbpf: path.join(debian, 'libbpf.so.1'),
    libraries: {
      'libatomic.so.1': library('libatomic.so.1'),
      'libstdc++.so.6': library('libstdc++.so.6'),
      'libgcc_s.so.1': library('libgcc_s.so.1'),
    },
    sysroot: path.join(debian, 'sysroot'),
    libc: path.join(debian, 'libc'),
    all: [...describeNpm(node), ...describeDebian(debian)],
  }
}

/** A version of package-lock.json. */
export function lockedVersion(name: string): string {
  const lock: { packages: Record<string, { version?: string }> } = JSON.parse(
    readFileSync(path.join(root, 'package-lock.json'), 'utf8'),
  )
  const version = lock.packages[`node_modules/${name}`]?.version
  if (version === undefined) throw new Error(`package-lock.json has no ${name}`)
  return version
}

/** Folder with an npm package, whatever architecture it is for. */
function npmPackage(name: string, version: string): string {
  const folder = path.join(CACHE, `${name.replace('/', '-')}-${version}`)
  if (!existsSync(folder)) {
    make(folder, (made, work) => {
      execFileSync('npm', ['pack', '--loglevel=error', `${name}@${version}`], {
        cwd: work,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const archive = readdirSync(work).find(file => file.endsWith('.tgz')) ?? ''
      execFileSync('tar', ['xzf', path.join(work, archive), '-C', made, '--strip-components=1'])
    })
  }
  return folder
}

function fillDebian(folder: string, work: string, architecture: Architecture): void {
  const old = new Apt(path.join(work, 'old'), OLD, DEBIAN[architecture])
  for (const name of SYSROOT) old.unpack(name, path.join(folder, 'sysroot'))
  for (const name of [...LIBRARIES, 'gcc-10-base']) old.unpack(name, path.join(folder, 'libraries'))
  const recent = new Apt(path.join(work, 'recent'), LIBBPF_FROM, DEBIAN[architecture])
  recent.unpack('libc6', path.join(folder, 'libc'))
  recent.unpackSource('libbpf', path.join(folder, 'libbpf'))
  const versions = Object.fromEntries([...SYSROOT, ...LIBRARIES].map(name => [name, old.version(name)]))
  writeFileSync(path.join(folder, 'versions.json'), JSON.stringify({ ...versions, libbpf: recent.version('libbpf1') }))
  compileLibbpf(path.join(folder, 'libbpf'), path.join(folder, 'sysroot'), folder, architecture)
}

/** A libbpf that needs the C library alone. */
function compileLibbpf(source: string, sysroot: string, folder: string, architecture: Architecture): void {
  const src = path.join(source, 'src')
  const names = readdirSync(src).filter(name => name.endsWith('.c'))
  const sources = ['packaging/elf_error.c', ...names.map(name => path.join(src, name))]
  const lib = path.join(sysroot, 'usr/lib', GNU[architecture])
  const objects = mkdtempSync(path.join(tmpdir(), 'ebpf-top-libbpf-'))
  const object = (file: string): string => path.join(objects, `${path.basename(file)}.o`)
  const target = [`--target=${GNU[architecture]}`, `--sysroot=${sysroot}`]
  const outline = architecture === 'arm64' ? ['-mno-outline-atomics'] : []
  try {
    for (const file of sources) {
      clang(
        ...[...target, ...outline, '-fPIC', '-fvisibility=hidden', '-w', '-D_LARGEFILE64_SOURCE'],
        ...['-D_FILE_OFFSET_BITS=64', `-ffile-prefix-map=${source}=libbpf`],
        ...[`-I${source}/include`, `-I${source}/include/uapi`, '-c', file, '-o', object(file)],
      )
    }
    clang(
      ...[...target, '-shared', '-fuse-ld=lld', '-nostartfiles', '-nodefaultlibs', '-Wl,-soname,libbpf.so.1'],
      ...[`-Wl,--version-script=${src}/libbpf.map`, '-Wl,--exclude-libs,ALL', '-Wl,--strip-all', '-Wl,-z,relro,-z,now'],
      ...['-o', path.join(folder, 'libbpf.so.1'), ...sources.map(object)],
      ...[path.join(lib, 'libelf.a'), path.join(lib, 'libz.a')],
      // not by -lc, which names files outside of that folder
      ...[
        '-Wl,--as-needed',
        find(sysroot, 'libc.so.6'),
        path.join(lib, 'libc_nonshared.a'),
        find(sysroot, 'ld-2.31.so'),
      ],
    )
  } finally {
    rmSync(objects, { recursive: true })
  }
}

/** Code that runs before Node, as bytes that can lie anywhere (packaging/start.ld). */
export function compileStart(architecture: Architecture, sysroot: string): Buffer {
  const work = mkdtempSync(path.join(tmpdir(), 'ebpf-top-start-'))
  try {
    const [object, binary] = [path.join(work, 'start.o'), path.join(work, 'start.bin')]
    const freestanding = ['-ffreestanding', '-fpie', '-fno-stack-protector', '-fno-asynchronous-unwind-tables']
    clang(
      ...[`--target=${GNU[architecture]}`, `--sysroot=${sysroot}`, ...freestanding],
      ...['-c', 'packaging/start.c', '-o', object],
    )
    execFileSync('ld.lld', ['-T', 'packaging/start.ld', '--oformat', 'binary', '-o', binary, object], { cwd: root })
    return readFileSync(binary)
  } finally {
    rmSync(work, { recursive: true })
  }
}

function find(folder: string, name: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(file => path.basename(file) === name)
  if (found === undefined) throw new Error(`there is no ${name} in ${folder}`)
  return path.join(folder, found)
}

function describeNpm(node: string): Part[] {
  const npm = (name: string, version: string, licence: string, file: string): Part => ({
    ...{ name, version, licence, text: readFileSync(file, 'utf8') },
    purl: `pkg:npm/${name}@${version}`,
  })
  return [
    npm('node', lockedVersion('node'), 'MIT', path.join(node, 'LICENSE')),
    npm('koffi', lockedVersion('koffi'), 'MIT', path.join(root, 'node_modules/koffi/LICENSE.txt')),
  ]
}

/** By the packages' own words, in their folders of documentation. */
function describeDebian(folder: string): Part[] {
  const documents = (name: string, ...at: readonly string[]): string =>
    readFileSync(path.join(folder, ...at, 'usr/share/doc', name, 'copyright'), 'utf8')
  const version = (name: string): string => {
    const file = path.join(folder, 'versions.json')
    const versions: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'))
    return versions[name] ?? ''
  }
  const part = (name: string, licence: string, text: string): Part => ({
    ...{ name, version: version(name), licence, text },
    purl: `pkg:deb/debian/${name}@${version(name)}`,
  })
  return [
    part('libbpf', 'BSD-2-Clause', readFileSync(path.join(folder, 'libbpf/LICENSE.BSD-2-Clause'), 'utf8')),
    part('libelf-dev', 'LGPL-3.0-or-later', documents('libelf-dev', 'sysroot')),
    part('zlib1g-dev', 'Zlib', documents('zlib1g-dev', 'sysroot')),
    ...LIBRARIES.map(name =>
      part(name, 'GPL-3.0-or-later WITH GCC-exception-3.1', documents('gcc-10-base', 'libraries')),
    ),
  ]
}

/** Copies a file and makes its folders. */
export function put(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true })
  copyFileSync(from, to)
}
