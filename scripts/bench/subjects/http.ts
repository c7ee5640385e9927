import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Child } from '../child.ts'
import { ebpfTop, workFolder } from '../compile.ts'
import { atLeast, between, type Figure, figure, type Pair, sleep } from '../measure.ts'
import { attachEmpty } from '../objects.ts'
import { pathOf } from '../peers.ts'
import { repeat, type Subject } from '../subject.ts'

const run = promisify(execFile)

const PORT = 18_080
/** Seconds that the load generator runs for one measurement. */
const DURATION = 3

/** Files that are fetched, with their sizes in bytes. */
const PAGES = [
  { name: 'page of 615 bytes (nginx’s welcome page)', bytes: 615 },
  { name: 'page of 64 KiB', bytes: 64 << 10 },
] as const

/** Debian's settings as far as they matter, with the server in the foreground and for itself. */
function configuration(folder: string): string {
  return `daemon off; user root; worker_processes auto; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 768; }
http {
  sendfile on; tcp_nopush on; keepalive_requests 1000000;
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${PORT}; root ${folder}/pages; }
}
`
}

export const http: Subject = {
  name: 'http',
  title: 'Throughput of an HTTP server',
  method:
    'nginx with the settings of its Debian package, access log included, under `wrk -t 1 -c 32` on the same machine: ' +
    'all processors are busy, so that whatever watching costs is missing from the throughput. `ebpf-top --output json` ' +
    'at 1 s against nothing, 3 s each, one after the other.',
  needs: ['nginx', 'wrk'],
  async run(bench) {
    const folder = join(workFolder(), 'nginx')
    mkdirSync(join(folder, 'pages'), { recursive: true })
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder))
    for (const { bytes } of PAGES) writeFileSync(join(folder, 'pages', String(bytes)), Buffer.alloc(bytes, 'x'))
    const server = new Child([pathOf('nginx') ?? 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdout: 'ignore',
    })
    try {
      await sleep(0.5)
      const figures: Figure[] = []
      for (const { name, bytes } of PAGES) {
        const load = (): Promise<number> => requestsPerSecond(`http://127.0.0.1:${PORT}/${bytes}`)
        await load()
        const compare = (way: Way): Promise<Pair> => bench.quiet.measure(() => between(load, way(load)))
        const rounds = await repeat(bench, bench.rounds, async () => ({
          ours: await compare(watched),
          empty: await compare(emptyPrograms),
        }))
        figures.push(
          figure(
            `${name}, nobody watching`,
            'requests/s',
            rounds.map(({ ours }) => ours.base),
          ),
          figure(
            `${name}, with ebpf-top / without`,
            '%',
            rounds.map(({ ours }) => percentLeft(ours)),
            atLeast(97, '%'),
          ),
          figure(
            `${name}, with empty programs on the four hooks of calls and bytes / without`,
            '%',
            rounds.map(({ empty }) => percentLeft(empty)),
          ),
        )
      }
      return figures
    } finally {
      await server.stop('SIGTERM')
    }
  },
}

/** Puts something beside the load. */
type Way = (load: () => Promise<number>) => () => Promise<number>

function percentLeft({ base, value }: Pair): number {
  return (100 * value) / base
}

/** The least that any tool takes which watches the same hooks. */
function emptyPrograms(load: () => Promise<number>): () => Promise<number> {
  return async () => {
    const detach = [attachEmpty('syscalls'), attachEmpty('bytes')]
    try {
      return await load()
    } finally {
      for (const one of detach) one()
    }
  }
}

function watched(load: () => Promise<number>): () => Promise<number> {
  return async () => {
    const top = new Child(ebpfTop('--output', 'json'), { stdout: 'ignore' })
    // it has started and taken samples
    await sleep(2.5)
    try {
      return await load()
    } finally {
      await top.stop('SIGTERM')
    }
  }
}

async function requestsPerSecond(url: string): Promise<number> {
  const { stdout } = await run('wrk', ['-t', '1', '-c', '32', '-d', `${DURATION}s`, url])
  const found = /^Requests\/sec:\s*([\d.]+)$/m.exec(stdout)?.[1]
  if (found === undefined || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk failed:\n${stdout}`)
  return Number(found)
}
