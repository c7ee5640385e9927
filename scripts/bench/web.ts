/** A web server under load that never pauses, and what a request costs meanwhile. */

import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from './child.ts'
import { workFolder } from './compile.ts'
import { sleep } from './measure.ts'
import { pathOf } from './peers.ts'
import { childrenOf, runNanoseconds } from './proc.ts'

const PORT = 18_080
/** Seconds that the load generator would go on if nobody ended it. */
const LONG = 36_000
/** Bytes after which the access log begins anew. */
const FULL = 500e6

export interface Served {
  readonly requestsPerSecond: number
  /** Processor time of the server and of the load generator, microseconds for each request. */
  readonly microseconds: number
}

/** Debian's settings as far as they matter, with the server in the foreground and for itself. */
function configuration(folder: string): string {
  return `daemon off; user root; worker_processes auto; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 768; }
http {
  sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${PORT}; root ${folder}/pages; }
}
`
}

/** nginx and wrk with 32 connections, for one page of so many bytes. */
export class WebLoad {
  readonly #server: Child
  readonly #client: Child
  readonly #log: string
  readonly #pids: readonly number[]
  /** Bytes of a line of the access log: all are of one length. */
  readonly #line: number

  private constructor(server: Child, client: Child, log: string) {
    this.#server = server
    this.#client = client
    this.#log = log
    this.#pids = [...childrenOf(server.pid), client.pid]
    const line = readFileSync(log, 'utf8').split('\n', 1)[0] ?? ''
    if (!line.includes('" 200 ')) throw new Error(`no page was served: ${line}`)
    this.#line = line.length + 1
  }

  static async start(bytes: number): Promise<WebLoad> {
    const folder = join(workFolder(), 'nginx')
    const log = join(folder, 'access.log')
    mkdirSync(join(folder, 'pages'), { recursive: true })
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder))
    writeFileSync(join(folder, 'pages', String(bytes)), Buffer.alloc(bytes, 'x'))
    writeFileSync(log, '')
    const nginx = [pathOf('nginx') ?? 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]
    const server = new Child(nginx, { stdout: 'ignore' })
    await sleep(0.5)
    const url = `http://127.0.0.1:${PORT}/${bytes}`
    const client = new Child([pathOf('wrk') ?? 'wrk', '-t', '1', '-c', '32', '-d', `${LONG}s`, url], {
      stdout: 'ignore',
    })
    await client.until('loading', () => statSync(log).size > 0)
    await sleep(1)
    return new WebLoad(server, client, log)
  }

  /** Watches it for so many seconds. */
  async measure(seconds: number): Promise<Served> {
    if (statSync(this.#log).size > FULL) truncateSync(this.#log)
    const before = this.#now()
    await sleep(seconds)
    const after = this.#now()
    const requests = after.requests - before.requests
    return {
      requestsPerSecond: (1000 * requests) / (after.ms - before.ms),
      microseconds: (after.ns - before.ns) / 1000 / requests,
    }
  }

  async stop(): Promise<void> {
    await this.#client.stop()
    await this.#server.stop('SIGTERM')
  }

  #now(): { ms: number; ns: number; requests: number } {
    return {
      ms: performance.now(),
      ns: this.#pids.reduce((sum, pid) => sum + runNanoseconds(pid), 0),
      requests: statSync(this.#log).size / this.#line,
    }
  }
}
