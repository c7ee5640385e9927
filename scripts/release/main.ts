/**
 * Makes all that a release consists of, in release/, the same bytes on every machine with the same compiler:
 *
 *   npm run release [-- x64|arm64]
 *
 * Times of files are that of the last commit, or SOURCE_DATE_EPOCH.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { bundle } from '../bundle.ts'
import {
  type Architecture,
  bpfSources,
  compileBpf,
  compileHelpers,
  compileTracer,
  tracerSources,
  writeTracerHeader,
} from '../compile.ts'
import { gzip, settle, sums, tar, write } from './archive.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completions.ts'
import { makeDeb } from './deb.ts'
import { putDocuments } from './documents.ts'
import { makeImage } from './image.ts'
import { ownKoffi } from './koffi.ts'
import { manPage } from './man.ts'
import { bundledParts, licences, sbom } from './notices.ts'
import { getParts, type Part, type Parts } from './parts.ts'
import { makeRpm } from './rpm.ts'
import { singleExecutable } from './single.ts'

const root = path.join(import.meta.dirname, '../..')
const release = path.join(root, 'release')
const { version } = packageJson
const seconds = Number(
  process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root }),
)

/** As Debian, rpm and the kernel's `uname -m` name them. */
const NAMES = {
  x64: { deb: 'amd64', rpm: 'x86_64', machine: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64', machine: 'aarch64' },
} as const

const work = mkdtempSync(path.join(tmpdir(), 'ebpf-top-release-'))
try {
  await makeAll(architectures())
} finally {
  rmSync(work, { recursive: true })
}

function architectures(): Architecture[] {
  const [only] = process.argv.slice(2)
  if (only === undefined) return ['x64', 'arm64']
  if (only === 'x64' || only === 'arm64') return [only]
  throw new Error(`${only} is neither x64 nor arm64`)
}

async function makeAll(wanted: readonly Architecture[]): Promise<void> {
  process.umask(0o022)
  rmSync(release, { recursive: true, force: true })
  mkdirSync(release)
  const program = path.join(work, 'program')
  say('bundling')
  const bundled = bundledParts(await bundle({ folder: program, plugins: [ownKoffi], minify: true }))
  const parts = new Map<Architecture, Parts>()
  for (const architecture of wanted) {
    say(`getting what is bundled for ${architecture}`)
    parts.set(architecture, getParts(architecture))
    compileObjects(architecture, path.join(work, 'objects', architecture))
  }
  for (const [architecture, its] of parts) makeFor(architecture, its, program, licences([...bundled, ...its.all]))
  if (wanted.length > 1) makeNpm(program, parts, bundled)
  const others = [...parts.values()].flatMap(({ all }) => all)
  const once = [...new Map(others.map(part => [part.purl, part])).values()]
  write(path.join(release, `ebpf-top-${version}.cdx.json`), sbom(version, seconds, bundled, once))
  write(path.join(release, 'LICENSES.txt'), licences([...bundled, ...once]))
  write(path.join(release, 'SHA256SUMS'), sums(release))
  for (const name of readdirSync(release)) say(name)
}

function compileObjects(architecture: Architecture, folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const source of bpfSources) compileBpf(source, architecture, folder)
  for (const source of tracerSources) compileTracer(source, architecture, folder)
  writeTracerHeader(folder)
  // the type information stays; the rest is for debuggers
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.bpf.o')) execFileSync('llvm-strip', ['-g', path.join(folder, name)])
  }
  compileHelpers(architecture, folder, ['-fuse-ld=lld'])
}

function makeFor(architecture: Architecture, parts: Parts, program: string, texts: string): void {
  const name = NAMES[architecture]
  const at = (file: string): string => path.join(work, architecture, file)
  say(`single executable for ${architecture}`)
  const inside = at('program')
  execFileSync('mkdir', ['-p', inside])
  execFileSync('cp', ['-R', `${program}/.`, path.join(work, 'objects', architecture), inside])
  const executable = singleExecutable(inside, architecture, parts)
  const contents = { version, seconds, executable, licences: texts }

  const folder = `ebpf-top-${version}-linux-${name.machine}`
  const put = (file: string, content: string | Uint8Array, mode?: number): void =>
    write(at(`single/${folder}/${file}`), content, mode)
  put('ebpf-top', executable, 0o755)
  put('ebpf-top.8', manPage(version, new Date(seconds * 1000)))
  put('completions/ebpf-top.bash', bashCompletion())
  put('completions/_ebpf-top', zshCompletion())
  put('completions/ebpf-top.fish', fishCompletion())
  putDocuments(put)
  put('LICENSES.txt', texts)
  settle(at('single'), { seconds })
  writeFileSync(path.join(release, `${folder}.tar.gz`), gzip(tar(at('single'), [folder], { seconds })))

  say(`deb, rpm and image for ${architecture}`)
  makeDeb(at('deb'), architecture, contents, path.join(release, `ebpf-top_${version}_${name.deb}.deb`))
  makeRpm(at('rpm'), architecture, contents, path.join(release, `ebpf-top-${version}-1.${name.rpm}.rpm`))
  const image = { architecture, version, seconds, executable, libc: parts.libc, licences: texts }
  makeImage(at('image'), image, path.join(release, `ebpf-top-${version}-image-${name.deb}.tar`))
}

/** The npm package: both architectures, nothing to compile and nothing to depend on. */
function makeNpm(program: string, parts: ReadonlyMap<Architecture, Parts>, bundled: readonly Part[]): void {
  say('npm package')
  const folder = path.join(work, 'npm')
  execFileSync('mkdir', ['-p', folder])
  execFileSync('cp', ['-R', program, path.join(folder, 'dist')])
  for (const [architecture, { koffi, libbpf }] of parts) {
    execFileSync('cp', ['-R', path.join(work, 'objects', architecture), path.join(folder, 'dist')])
    for (const file of [koffi, libbpf]) {
      write(path.join(folder, 'dist', architecture, path.basename(file)), readFileSync(file))
    }
  }
  const { name, description, license, type, os, engines } = packageJson
  const published = {
    ...{ name, version, description, license, type, os, cpu: ['x64', 'arm64'], libc: ['glibc'], engines },
    bin: { 'ebpf-top': 'dist/cli.js' },
  }
  write(path.join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  putDocuments((file, content) => write(path.join(folder, file), content))
  const shipped = [...parts.values()]
    .flatMap(({ all }) => all)
    .filter(({ name: of }) => /^(koffi|libbpf|libelf|zlib)/.test(of))
  const once = [...new Map(shipped.map(part => [part.purl, part])).values()]
  write(path.join(folder, 'LICENSES.txt'), licences([...bundled, ...once]))
  settle(folder, { seconds })
  const archive = gzip(tar(folder, readdirSync(folder).sort(), { seconds }, 'package/'))
  writeFileSync(path.join(release, `ebpf-top-${version}.tgz`), archive)
}

function say(what: string): void {
  console.error(`release: ${what}`)
}
