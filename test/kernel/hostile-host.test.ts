/** Hosts on which something stands still, is named strangely, or is lost where nobody looks: samples go on, and losses are told. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endOf } from '../support/connections.ts'
import { makeGroup, writeGroup } from '../support/groups.ts'
import { Namespace } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { isCompat, lost, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

const names: readonly (readonly [string, readonly (string | Buffer)[]])[] = [
  ['that a terminal would obey', ['\u001b]0;title\u0007\u001b[2J\r\b']],
  ['that is no UTF-8', [Buffer.from([0x64, 0xff, 0xfe, 0x80, 0xc0, 0x2e])]],
  ['that is as long as names may be', ['n'.repeat(255)]],
  ['that turns text round', ['\u202egnol\u202c.service']],
  ['that is 40 groups deep', Array.from({ length: 40 }, (_, i) => `${'deep'.repeat(20)}${i}`)],
]

test.each(names)('a process in a control group %s is shown as any other', async (_, path) => {
  const group = makeGroup(`ebpf-top-${process.pid}`, ...path)
  const user = await Workload.start('hostile', 'command', 1)
  onTestFinished(() => user.kill())
  writeGroup(group, 'cgroup.procs', user.pid)
  const top = await Top.start('-d', 0.2)
  const sample = await top.fresh()
  const shown = sample.processes.filter(({ pid }) => pid === user.pid)
  expect(shown).toHaveLength(1)
  for (const { container, pod, unit } of shown) {
    for (const text of [container, pod, unit]) expect(text?.length ?? 0).toBeLessThanOrEqual(255)
  }
  await top.stop()
  const { status, stdout } = spawnSync(process.execPath, ['dist/cli.js', '--once', '-d', '0.2', '--view', 'processes'])
  expect(status).toBe(0)
  // nothing but text, colours are for terminals
  expect(stdout.toString()).not.toMatch(/(?!\n)\p{Cc}/u)
})

describe('a process that stands still', () => {
  const still: readonly (readonly [string, (pid: number) => void])[] = [
    ['in a frozen control group', freeze],
    ['after SIGSTOP', pid => process.kill(pid, 'SIGSTOP')],
  ]

  function freeze(pid: number): void {
    const group = makeGroup(`ebpf-top-frozen-${process.pid}`)
    writeGroup(group, 'cgroup.procs', pid)
    writeGroup(group, 'cgroup.freeze', 1)
    onTestFinished(() => writeGroup(group, 'cgroup.freeze', 0))
  }

  test.each(still)('%s holds up nothing, and its connections are told', async (_, stop) => {
    const sockets = new Sockets()
    const port = await sockets.ask('listen', 0, '127.0.0.1', 0, 8)
    const [, near = 0] = await sockets.tell('connect', 1, '127.0.0.1', port)
    await sockets.tell('accept', 2, 0)
    stop(sockets.pid)
    const top = await Top.start('-d', 0.2)
    for (let i = 0; i < 4; i++) await top.next()
    expect(endOf([await top.fresh()], near, port)).toMatchObject([{ pid: sockets.pid, state: 'ESTABLISHED' }])
    await top.stop()
  })
})

test('what ended in another network namespace while nobody read is told exactly, or lost', async () => {
  const host = new Namespace()
  const connections = 20_000
  const load = await Workload.startWithin(host.name, 'load', 'rate', 0, 1, connections)
  const workers = await load.step('workers')
  onTestFinished(() => load.kill())
  const top = await Top.start('-d', 0.2)
  // so that its namespace is looked into
  for (let i = 0; i < 12; i++) await top.next()
  process.kill(top.pid, 'SIGSTOP')
  const [made = 0] = await load.work()
  process.kill(top.pid, 'SIGCONT')
  const samples = await top.finish()
  const ends = samples
    .flatMap(sample => sample.connections)
    .filter(row => row.closed && row.state !== 'LISTEN' && workers.includes(row.pid ?? 0))
  const whole = ends.filter(row => row.total_sent_bytes === 1 && row.total_received_bytes === 1)
  expect(made).toBeGreaterThanOrEqual(connections)
  if (isCompat) {
    expect(whole.length).toBeLessThan(2 * made)
    expect(lost(samples, 'connections')).toBeGreaterThanOrEqual(2 * made - whole.length)
  } else {
    expect(whole.length + lost(samples, 'connections')).toBeGreaterThanOrEqual(2 * made)
  }
})

/** Enters a network namespace from which its user namespace leads nowhere back. */
const ONE_WAY = `
import { openSync } from 'node:fs'
import { inNetworkNamespace } from ${JSON.stringify(join(import.meta.dirname, '../../src/bpf/kernel.ts'))}
const own = openSync('/proc/self/ns/net')
const there = openSync('/proc/' + process.env.THERE + '/ns/net')
inNetworkNamespace(there, own, () => console.log('there'))
console.log('went on')
`

test('where there is no way back from a network namespace the program ends', () => {
  const script = 'unshare -n sleep 60 & THERE=$! ; export THERE; sleep 0.5; "$@"; status=$?; kill $THERE; exit $status'
  const program = [process.execPath, '--input-type=module', '-e', ONE_WAY]
  const { status, stdout, stderr } = spawnSync('unshare', ['-Ur', 'sh', '-c', script, 'sh', ...program], {
    encoding: 'utf8',
  })
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: 'there\n',
    stderr: 'ebpf-top: cannot leave a network namespace (setns: EPERM)\n  run it again\n',
  })
})
