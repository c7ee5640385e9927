/** Connections and listeners of the running kernel on a real terminal line. */

import { afterEach, expect, it } from 'vitest'
import { Pty, program } from '../support/pty.ts'
import { Workload } from '../support/workload.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

function top(...args: readonly (string | number)[]): Pty {
  const [file, ...words] = program('--delay', 0.2, ...args)
  const pty = new Pty(file, words, { columns: 200, rows: 30 })
  open.push(() => pty.close())
  return pty
}

const row = (lines: readonly string[], ...parts: readonly string[]): string =>
  lines.find(line => parts.every(part => line.includes(part))) ?? ''

it('a connection is seen, opened from its group, and stays dimmed for a while when it has closed', async () => {
  const workload = await Workload.start('tcp', 'ipv4', 10_000, 2_000, 3)
  open.push(() => workload.kill())
  const pty = top('--view', 'connections')
  await pty.see(lines => !lines.join('\n').includes('waiting for the first sample'))
  const [server, client, serverPort, clientPort] = await workload.work()
  const ends = (local: number | undefined, remote: number | undefined): readonly string[] => [
    `127.0.0.1:${local} `,
    `127.0.0.1:${remote} `,
  ]
  pty.type(`/:${serverPort}\r`)
  await pty.see(lines => row(lines, ` ${client} `, 'outbound', ...ends(clientPort, serverPort)).includes('ESTABLISHED'))
  await pty.see(lines => row(lines, ` ${server} `, 'inbound', ...ends(serverPort, clientPort)).includes('ESTABLISHED'))

  pty.type('bb')
  await pty.see(lines => row(lines, 'Connections by service port') !== '' && row(lines, `→ :${serverPort} `) !== '')
  pty.type('b')
  await pty.see(lines => row(lines, ` ${client} `) !== '' && row(lines, ` ${server} `) !== '')
  pty.type('\r')
  await pty.see(lines => / connections › \S+ \d+$/.test(lines[2] ?? ''))
  pty.type('\x1b')
  await pty.see('Connections by process')
  pty.type('b')

  await workload.step('closed')
  const closed = (lines: string[]): string => row(lines, ` ${client} `, ...ends(clientPort, serverPort), ' TIME_WAIT ')
  expect(closed(await pty.see(lines => closed(lines) !== ''))).toMatch(/ 9\.8K .* 2\.0K .*local/)
  await pty.see(lines => closed(lines) === '')
})

it('listeners are seen with their queue', async () => {
  const workload = await Workload.start('tcp', 'ipv6', 10, 10, 1)
  open.push(() => workload.kill())
  const [server, , port] = await workload.work()
  const pty = top('--view', 'listeners')
  await pty.see(lines => new RegExp(`\\[::1?\\]:${port} +\\w+ +${server} `).test(lines.join('\n')))
})
