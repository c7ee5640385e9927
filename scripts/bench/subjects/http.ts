import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Child } from '../child.ts'
import { ebpfTop, workFolder } from '../compile.ts'
import { atLeast, between, type Figure, figure, sleep } from '../measure.ts'
import { pathOf } from '../peers.ts'
import { repeat, type Subject } from '../subject.ts'

const run = promisify(execFile)

const PORT = 18_080
/** Seconds that the load generator runs for one measurement. */
const DURATION = 3

/** Sizes of the file that is fetched, in bytes, and whether the goal is meant for it. */
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
        const pairs = await repeat(bench, bench.rounds, () => bench.quiet.measure(() => between(load, watched(load))))
        figures.push(
          figure(
            `${name}, nobody watching`,
            'requests/s',
            pairs.map(({ base }) => base),
          ),
          figure(
            `${name}, with ebpf-top / without`,
            '%',
            pairs.map(({ base, value }) => (100 * value) / base),
            atLeast(97, '%'),
          ),
        )
      }
      return figures
    } finally {
      await server.stop('SIGTERM')
    }
  },
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
