/**
 * Runs the tests on the kernel below other kernels, in virtual machines, and writes docs/kernels.md.
 *
 *   npm run test:kernels [-- [--ci] [--few] [--keep] [NAME|DIR...]]
 *
 * NAME is one of scripts/kernels/kernels.ts, DIR an unpacked kernel package (boot/vmlinuz-*, lib/modules). Without any
 * it is all of kernels.ts and the folders in EBPF_TOP_KERNELS (separated by colons). --few: a few tests each, that see
 * every kind of program at work; --keep: docs/kernels.md stays as it is; --ci: both, on one old and one new kernel.
 * Needs root. Of Debian's packages it takes those of `scripts/setup.sh --kernels`; arm64 also qemu-system-arm
 * gcc-aarch64-linux-gnu libc6-dev-arm64-cross.
 */

import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Architecture,
  bpfSources,
  compileBpf,
  compileHelpers,
  compileWorkload,
  ownArchitecture,
  workloadNames,
} from '../compile.ts'
import type { DebianArchitecture } from './apt.ts'
import { type BootSettings, type Outcome, runBelow } from './boot.ts'
import { fetchKernel } from './fetch.ts'
import { forEveryRun, kernels } from './kernels.ts'
import { type Result, readResult, section } from './report.ts'
import { foreignRoot, NODE_MODULES } from './root.ts'

const project = path.join(import.meta.dirname, '../..')
const page = path.join(project, 'docs/kernels.md')

/** Files whose tests hold on every kernel, in both modes. */
const TESTS = ['test/kernel/syscalls.test.ts', 'test/kernel/connections.test.ts']

/** What is left out below emulation: it takes minutes to fill all rows there. */
const LEFT_OUT = 'more processes than there are rows|more than there are rows|no places|cost'

/** A few tests that see every kind of program at work. */
const FEW = 'counted exactly|with 32-bit|over ipv|what its calls returned|shorter than an interval'

const TIMEOUT_SECONDS = 3600

/** Tries to boot a kernel. */
const BOOTS = 3

interface Target {
  readonly name: string
  readonly release: string
  readonly architecture: DebianArchitecture
  readonly cpu?: string | null
  readonly leavesOut?: boolean
  readonly folder: string
}

const { values, positionals } = parseArgs({
  options: {
    ci: { type: 'boolean', default: false },
    few: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})

function targets(names: readonly string[]): Target[] {
  return names.map(name => {
    const kernel = kernels.find(kernel => kernel.name === name)
    if (kernel !== undefined) return { ...kernel, folder: fetchKernel(kernel) }
    if (!existsSync(path.join(name, 'boot'))) {
      throw new Error(`${name} is neither a kernel of kernels.ts nor the folder of one`)
    }
    return { name: path.basename(name), release: 'own build', architecture: 'amd64', folder: path.resolve(name) }
  })
}

function wanted(): readonly string[] {
  if (values.ci) return forEveryRun
  if (positionals.length > 0) return positionals
  const own = (process.env.EBPF_TOP_KERNELS ?? '').split(':').filter(folder => folder !== '')
  return [...kernels.map(kernel => kernel.name), ...own]
}

/**
 * What is run in the virtual machine; results stand between marks, whatever else is printed. Where the plan is that of
 * compatible mode anyway, the tests are run once.
 */
function script(checkout: string, { folder, leavesOut = false }: Target): string {
  const vitest = [
    ...['node_modules/.bin/vitest', 'run', '--project', 'kernel', '--testTimeout=600000', '--hookTimeout=600000'],
    ...['-t', '"$chosen"', '--reporter=json', '--outputFile=/tmp/tests.json', ...TESTS],
  ].join(' ')
  const tests = (mode: string, flags: string): string =>
    `EBPF_TOP_TEST_FLAGS='${flags}' ${vitest} >/tmp/tests.log 2>&1 || tail -n 60 /tmp/tests.log
echo '<${mode}>'; cat /tmp/tests.json; echo; echo '</${mode}>'; rm -f /tmp/tests.json`
  return `cd '${checkout}' && export PATH="$PWD/node_modules/.bin:$PATH" HOME=/root EBPF_TOP_WORKLOADS="$PWD/workloads"
export EBPF_TOP_TEST_LEAVES_OUT=${leavesOut ? 1 : 0}
# the shell of a root file system of ours has nothing but itself
[ -e /usr/bin/env ] || busybox --install -s
# the libbpf of the release instead of this machine's, whose file system is not what is written to
libraries=$(find '${folder}' -name 'libbpf.so.*')
if [ -n "$libraries" ]; then rm -f /usr/lib/*/libbpf.so*; cp -d $libraries /usr/lib/*-linux-gnu/; fi
without=
echo '<kernel>'; uname -r; echo '</kernel>'
echo '<doctor>'; node dist/cli.js --doctor --output json | tee /tmp/doctor; echo '</doctor>'
# bytes of TCP alone are not what all calls returned, and not every kernel has 32-bit calls
if grep -q '"by tcp_sockets"' /tmp/doctor; then without='|what its calls returned'; fi
if zcat /proc/config.gz 2>/dev/null | grep -q '# CONFIG_IA32_EMULATION is not set'; then without="$without|with 32-bit"; fi
chosen="^(?!.*(${LEFT_OUT}$without)).*(${values.ci || values.few ? FEW : ''}).*$"
${tests('own', '')}
if grep -q '"by tp_btf"' /tmp/doctor; then
${tests('compat', '--compat')}
fi`
}

/** A copy of what the tests take, for one architecture, so that nobody changes it meanwhile. */
class Checkout {
  /** The root file system that it is in. */
  readonly root: string
  readonly #folder: string

  constructor(debian: DebianArchitecture) {
    const architecture: Architecture = debian === 'amd64' ? 'x64' : debian
    const isOwn = architecture === ownArchitecture()
    this.root = isOwn ? '/' : foreignRoot(debian)
    this.#folder = mkdtempSync(path.join(this.root, 'var/tmp/ebpf-top-kernels-'))
    const at = (name: string): string => path.join(this.#folder, name)
    for (const name of ['dist', 'src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts', 'bpf', 'scripts']) {
      cpSync(path.join(project, name), at(name), { recursive: true })
    }
    if (!isOwn) {
      for (const source of bpfSources) compileBpf(source, architecture, at('dist'))
      compileHelpers(architecture, at('dist'))
    }
    mkdirSync(at('workloads'))
    for (const name of workloadNames) compileWorkload(name, at('workloads'), architecture)
    symlinkSync(isOwn ? realpathSync(path.join(project, 'node_modules')) : NODE_MODULES, at('node_modules'))
  }

  /** As it is called inside the root file system. */
  get folder(): string {
    return `/${path.relative(this.root, this.#folder)}`
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** As many at once as there are processors: each keeps about one busy. */
async function main(): Promise<boolean> {
  const waiting = targets(wanted())
  const results: Result[] = []
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await runOn(next))
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return results.every(result => result.failures.length === 0)
}

async function runOn(target: Target): Promise<Result> {
  const { name, release, architecture, cpu = null, folder } = target
  const began = performance.now()
  const checkout = new Checkout(architecture)
  const settings = { architecture, cpu, root: checkout.root, timeoutSeconds: TIMEOUT_SECONDS }
  const { output, console: messages } = await bootAndRun(folder, script(checkout.folder, target), settings).finally(
    () => checkout.remove(),
  )
  const seconds = Math.round((performance.now() - began) / 1000)
  const result = readResult({ name, release, seconds }, output)
  if (!values.ci && !values.keep) writePage(result)
  console.error(`${name}: ${result.summary}, ${seconds} s`)
  for (const failure of result.failures) console.error(`${name}: ${failure}`)
  if (result.own === null) console.error(`${output.slice(-4000)}\n${messages.slice(-2000)}`)
  return result
}

/** Of the console, where a machine ended too early. */
const LAST_LINES = 40

/** Some boots fail for the emulation's sake: those are tried again. */
async function bootAndRun(folder: string, command: string, settings: Partial<BootSettings>): Promise<Outcome> {
  for (let left = BOOTS; ; left--) {
    const outcome = await runBelow(folder, command, settings)
    if (outcome.status !== null || left === 1) return outcome
    // a kernel that hangs says where: it panics then
    const last = outcome.console.trimEnd().split('\n').slice(-LAST_LINES)
    console.error(`it ended before the tests did:\n${last.join('\n')}`)
  }
}

/** Writes the row of a kernel; what else is on the page stays. */
function writePage(result: Result): void {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: project, encoding: 'utf8' }).trim()
  const isClean = git('status', '--porcelain', 'bpf', 'src', 'test/kernel') === ''
  const commit = `${git('rev-parse', '--short', 'HEAD')}${isClean ? '' : ' and changes'}`
  writeFileSync(page, section(existsSync(page) ? readFileSync(page, 'utf8') : '', [result], commit))
}

try {
  if (!(await main())) process.exitCode = 1
} catch (error) {
  console.error(`test:kernels: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`)
  process.exitCode = 1
}
