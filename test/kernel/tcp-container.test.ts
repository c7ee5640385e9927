import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { endOf } from '../support/connections.ts'
import { run } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { Top } from '../support/top.ts'

const HOST = '127.0.0.1'
const ID = 'cafe0123456789abcdef'.repeat(4).slice(0, 64)

/** The control groups of version 2, wherever this machine has them, in a folder that goes with the test. */
function mountGroups(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-groups-'))
  run('mount', '-t', 'cgroup2', 'none', folder)
  onTestFinished(() => {
    run('umount', folder)
    rmdirSync(folder)
  })
  return folder
}

/** A new group, from which its processes go back to the root in the end. */
function makeGroup(root: string, ...names: readonly string[]): string {
  let folder = root
  for (const name of names) {
    folder = join(folder, name)
    const made = folder
    mkdirSync(made)
    onTestFinished(async () => {
      // a process that was killed is in its group until it is gone
      for (let left = 100; left > 0; left--) {
        try {
          rmdirSync(made)
          return
        } catch {
          await new Promise(resolve => setTimeout(resolve, 50))
        }
      }
    })
  }
  return folder
}

test.each([
  { names: ['docker', ID], container: ID, pod: null, unit: null },
  { names: ['system.slice', `docker-${ID}.scope`], container: ID, pod: null, unit: null },
  { names: ['system.slice', 'web.service'], container: null, pod: null, unit: 'web.service' },
])('a process in the control group $names and its connections say so', async ({ names, container, pod, unit }) => {
  const root = mountGroups()
  const group = makeGroup(root, 'ebpf-top-test', ...names)
  const server = new Sockets()
  const client = new Sockets()
  const port = await server.ask('listen', 0, HOST, 0, 10)
  writeFileSync(join(group, 'cgroup.procs'), String(client.pid))
  const top = await Top.start('-d', 0.2)
  const local = await client.connect(0, HOST, port)
  const sample = await top.fresh()
  expect(endOf([sample], local, port)).toMatchObject([{ pid: client.pid, container, pod, unit }])
  expect(sample.processes.filter(row => row.pid === client.pid)).toMatchObject([{ container, pod, unit }])
  expect(endOf([sample], port, local)).toMatchObject([{ pid: server.pid, container: null }])
  await top.stop()
  await client.kill()
})
