import { expect, test } from 'vitest'
import { endOf } from '../support/connections.ts'
import { makeGroup, writeGroup } from '../support/groups.ts'
import { Sockets } from '../support/sockets.ts'
import { Top } from '../support/top.ts'

const HOST = '127.0.0.1'
const ID = 'cafe0123456789abcdef'.repeat(4).slice(0, 64)

test.each([
  { names: ['docker', ID], container: ID, pod: null, unit: null },
  { names: ['system.slice', `docker-${ID}.scope`], container: ID, pod: null, unit: null },
  { names: ['system.slice', 'web.service'], container: null, pod: null, unit: 'web.service' },
])('a process in the control group $names and its connections say so', async ({ names, container, pod, unit }) => {
  const group = makeGroup('ebpf-top-test', ...names)
  const server = new Sockets()
  const client = new Sockets()
  const port = await server.ask('listen', 0, HOST, 0, 10)
  writeGroup(group, 'cgroup.procs', client.pid)
  const top = await Top.start('-d', 0.2)
  const local = await client.connect(0, HOST, port)
  const sample = await top.fresh()
  expect(endOf([sample], local, port)).toMatchObject([{ pid: client.pid, container, pod, unit }])
  expect(sample.processes.filter(row => row.pid === client.pid)).toMatchObject([{ container, pod, unit }])
  expect(endOf([sample], port, local)).toMatchObject([{ pid: server.pid, container: null }])
  await top.stop()
  await client.kill()
})
