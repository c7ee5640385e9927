/**
 * Makes the pictures of docs/pictures, one of each view, of the built program under load: npm run pictures, as root, with
 * nginx, wrk, redis-server, redis-tools and postgresql installed.
 *
 * The host name and the folder of the load are those of namespaces of its own.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pty, program } from '../../test/support/pty.ts'
import { Load } from './load.ts'
import { toSvg } from './svg.ts'

const FOLDER = path.join(import.meta.dirname, '../../docs/pictures')
const COLUMNS = 120
/** For long tables, and for those with few rows. */
const [TALL, LOW] = [34, 20]
const MOST_BYTES = 150_000

/** Keys to each picture, from the one before, and what it shows. */
const PICTURES = {
  overview: { keys: '', rows: TALL, title: 'Overview: system calls, TCP connections and processes' },
  syscalls: { keys: '2', rows: TALL, title: 'System calls: rate, errors and percentiles of their durations' },
  connections: { keys: '3', rows: TALL, title: 'TCP connections: owner, state, bytes and latencies' },
  groups: { keys: 'bb', rows: LOW, title: 'TCP connections in groups, by service' },
  processes: { keys: '4', rows: LOW, title: 'Processes: system calls, errors, durations and bytes' },
  listeners: { keys: '5', rows: LOW, title: 'Listening sockets: accept queues, accepts and drops' },
  slow: { keys: '6', rows: LOW, title: 'Slow system calls, one by one' },
  'in-flight': {
    keys: '7',
    rows: LOW,
    title: 'System calls in flight: what each thread waits for, and how long already',
  },
  errors: { keys: '8', rows: LOW, title: 'Failed system calls, by process, call and errno' },
  help: { keys: '?', rows: TALL, title: 'Help: keys, and how to read the tables' },
} as const

if (process.env.EBPF_TOP_PICTURES_INSIDE !== '1') {
  const script = 'mount -t tmpfs none /srv && hostname web-1 && exec "$@"'
  const inside = ['--mount', '--uts', 'sh', '-c', script, 'sh', process.execPath, import.meta.filename]
  const { status } = spawnSync('unshare', inside, {
    stdio: 'inherit',
    env: { ...process.env, EBPF_TOP_PICTURES_INSIDE: '1' },
  })
  process.exit(status ?? 1)
}

const load = new Load()
try {
  await load.start('/srv')
  await takePictures(await load.lasting())
} finally {
  await load.stop()
}

async function takePictures(pids: readonly number[]): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  const [file, ...args] = program('-p', pids.join(','), '--slow', '2ms')
  const screen = new Pty(file, args, { columns: COLUMNS, rows: TALL })
  try {
    await screen.see('events/s')
    await sleep(4000)
    for (const [name, { keys, rows, title }] of Object.entries(PICTURES)) {
      screen.resize(COLUMNS, rows)
      screen.type(keys)
      await sleep(2000)
      // other work on this machine is not what it shows
      await screen.see(lines => !lines.join('\n').includes('late by'))
      const target = path.join(FOLDER, `${name}.svg`)
      writeFileSync(target, toSvg(screen.terminal, title))
      const { size } = statSync(target)
      if (size > MOST_BYTES) throw new Error(`${target} has ${size} bytes, more than ${MOST_BYTES}`)
      console.error(`pictures: ${name}, ${size} bytes`)
    }
    screen.type('?q')
    await screen.ended()
  } finally {
    screen.close()
  }
}
