/**
 * Runs the tests on the kernel below other kernels, in virtual machines, and writes docs/kernels.md.
 *
 *   npm run test:kernels [-- [--ci] [--few] [--keep] [NAME|DIR...]]
 *
 * NAME is one of scripts/kernels/kernels.ts, DIR an unpacked kernel package (boot/vmlinuz-*, lib/modules). Without any
 * it is all of kernels.ts and the folders in EBPF_TOP_KERNELS (separated by colons). --few: a few tests each, that see
 * every kind of program at work; --keep: docs/kernels.md stays as it is; --ci: both, on one old and one new kernel.
 * Needs qemu-system-x86 busybox-static cpio xz-utils zstd, and root.
 */

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runBelow } from './boot.ts'
import { fetchKernel } from './fetch.ts'
import { forEveryRun, kernels } from './kernels.ts'
import { type Result, readResult, section } from './report.ts'

const root = path.join(import.meta.dirname, '../..')
const page = path.join(root, 'docs/kernels.md')

/** Files whose tests hold on every kernel, in both modes. */
const TESTS = ['test/kernel/syscalls.test.ts', 'test/kernel/connections.test.ts']

/** What is left out below emulation: it takes minutes to fill all rows there. */
const LEFT_OUT = 'beyond the room|cost'

/** A few tests that see every kind of program at work. */
const FEW = 'counted exactly|with 32-bit|over ipv|what its calls returned|shorter than an interval'

const TIMEOUT_SECONDS = 3600

interface Target {
  readonly name: string
  readonly release: string
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
    if (kernel !== undefined) return { name, release: kernel.release, folder: fetchKernel(kernel) }
    if (!existsSync(path.join(name, 'boot'))) {
      throw new Error(`${name} is neither a kernel of kernels.ts nor the folder of one`)
    }
    return { name: path.basename(name), release: 'own build', folder: path.resolve(name) }
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
function script(checkout: string): string {
  const vitest = [
    ...['node_modules/.bin/vitest', 'run', '--project', 'kernel', '--testTimeout=600000', '--hookTimeout=600000'],
    ...['-t', '"$chosen"', '--reporter=json', '--outputFile=/tmp/tests.json', ...TESTS],
  ].join(' ')
  const tests = (mode: string, flags: string): string =>
    `EBPF_TOP_TEST_FLAGS='${flags}' ${vitest} >/tmp/tests.log 2>&1 || tail -n 60 /tmp/tests.log
echo '<${mode}>'; cat /tmp/tests.json; echo; echo '</${mode}>'; rm -f /tmp/tests.json`
  return `cd '${checkout}' && export PATH='${root}/node_modules/.bin':"$PATH" HOME=/root
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

/** A copy of what the tests take, so that nobody changes it meanwhile. */
function copyCheckout(): string {
  const copy = mkdtempSync('/var/tmp/ebpf-top-kernels-')
  for (const name of ['dist', 'src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts', 'bpf', 'scripts']) {
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
  return copy
}

async function main(): Promise<boolean> {
  const results: Result[] = []
  const checkout = copyCheckout()
  try {
    await runAll(checkout, results)
  } finally {
    rmSync(checkout, { recursive: true, force: true })
  }
  return results.every(result => result.passed)
}

async function runAll(checkout: string, results: Result[]): Promise<void> {
  for (const { name, release, folder } of targets(wanted())) {
    const began = performance.now()
    const { output, console: messages } = await runBelow(folder, script(checkout), { timeoutSeconds: TIMEOUT_SECONDS })
    const seconds = Math.round((performance.now() - began) / 1000)
    const result = readResult({ name, release, seconds }, output)
    results.push(result)
    if (!values.ci && !values.keep) writePage(result)
    console.error(`${name}: ${result.summary}, ${seconds} s`)
    if (!result.passed) console.error(`${output.slice(-8000)}\n${messages.slice(-2000)}`)
  }
}

/** Writes the row of a kernel; what else is on the page stays. */
function writePage(result: Result): void {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
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
