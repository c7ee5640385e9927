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

/** What is fetched again and again. */
export interface Page {
  readonly name: string
  readonly bytes: number
  /** The server compresses it for each request, as it does by default for those who accept that. */
  readonly compressed: boolean
}

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
  gzip on; gzip_types text/plain; default_type text/plain;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${PORT}; root ${folder}/pages; }
}
`
}

/** Words as in a text, the same each time. */
function text(bytes: number): string {
  let seed = 1
  const next = (below: number): number => {
    // the generator of ANSI C
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * below)
  }
  const word = (): string => Array.from({ length: 2 + next(8) }, () => 'etaoinshrdlu'[next(12)]).join('')
  const words = Array.from({ length: 2000 }, word)
  return Array.from({ length: bytes / 3 }, () => words[Math.floor(next(2000) * (next(100) / 100))])
    .join(' ')
    .slice(0, bytes)
}

/** nginx and wrk with 32 connections, for one page. */
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

  static async start({ bytes, compressed }: Page): Promise<WebLoad> {
    const folder = join(workFolder(), 'nginx')
    const log = join(folder, 'access.log')
    mkdirSync(join(folder, 'pages'), { recursive: true })
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder))
    writeFileSync(join(folder, 'pages', String(bytes)), text(bytes))
    writeFileSync(log, '')
    const nginx = [pathOf('nginx') ?? 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]
    const server = new Child(nginx, { stdout: 'ignore' })
    await sleep(0.5)
    const url = `http://127.0.0.1:${PORT}/${bytes}`
    const accepts = compressed ? ['-H', 'Accept-Encoding: gzip'] : []
    const wrk = [pathOf('wrk') ?? 'wrk', '-t', '1', '-c', '32', '-d', `${LONG}s`, ...accepts, url]
    const client = new Child(wrk, { stdout: 'ignore' })
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
