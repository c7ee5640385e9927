/** What the pictures show: a web server, a cache and a database with clients, and a client whose server is not there. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Seconds that clients would go on if nobody ended them. */
const LONG = '3600'

const NGINX = `daemon off; user root; worker_processes 2; pid nginx.pid; error_log error.log;
events { worker_connections 256; }
http {
  access_log access.log; default_type text/plain;
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  server { listen 127.0.0.1:8080; listen [::1]:8080; root pages; }
}
`

/** Asks for a server that is not there, four times a second. */
const CHECKER = `const { connect } = require('node:net')
process.title = 'checker'
setInterval(() => connect(9091, '127.0.0.1').on('error', () => {}), 250)
`

export class Load {
  readonly #children: ChildProcess[] = []

  /** Starts everything below `folder`. Throws where a program is not installed. */
  async start(folder: string): Promise<void> {
    this.#startWeb(folder)
    this.#run('redis-server', '--port', '6379', '--save', '', '--dir', folder)
    await this.#startDatabase(folder)
    await sleep(2000)
    this.#run('wrk', '-t1', '-c6', `-d${LONG}s`, 'http://[::1]:8080/index.txt')
    this.#run('wrk', '-t1', '-c3', `-d${LONG}s`, '-H', 'Connection: close', 'http://127.0.0.1:8080/index.txt')
    this.#run('redis-benchmark', '-l', '-q', '-c', '4', '-t', 'get,set')
    this.#run(process.execPath, '-e', CHECKER)
    this.#run('runuser', '-u', 'postgres', '--', 'pgbench', '-h', '127.0.0.1', '-c', '3', '-T', LONG, 'postgres')
    await sleep(2000)
  }

  /** All of its processes that last. */
  async lasting(): Promise<readonly number[]> {
    const before = this.#pids
    await sleep(2000)
    return this.#pids.filter(pid => before.includes(pid))
  }

  get #pids(): readonly number[] {
    return this.#children.flatMap(({ pid }) => (pid === undefined ? [] : withDescendants(pid)))
  }

  async stop(): Promise<void> {
    const pids = this.#pids.toReversed()
    for (const pid of pids) signal(pid, 'SIGTERM')
    await sleep(1000)
    for (const pid of pids) signal(pid, 'SIGKILL')
  }

  #startWeb(folder: string): void {
    const web = `${folder}/web`
    mkdirSync(`${web}/pages`, { recursive: true })
    writeFileSync(`${web}/nginx.conf`, NGINX)
    writeFileSync(`${web}/pages/index.txt`, 'a line of text\n'.repeat(500))
    this.#run('nginx', '-p', web, '-c', `${web}/nginx.conf`, '-e', `${web}/error.log`)
  }

  async #startDatabase(folder: string): Promise<void> {
    const [bin] = globSync('/usr/lib/postgresql/*/bin')
    if (bin === undefined) throw new Error('postgresql is not installed: apt-get install postgresql')
    const data = `${folder}/postgresql`
    mkdirSync(data)
    execFileSync('chown', ['postgres:', data])
    const as = (...command: readonly string[]): readonly string[] => ['-u', 'postgres', '--', ...command]
    execFileSync('runuser', as(`${bin}/initdb`, '-D', data), { stdio: 'ignore', cwd: '/' })
    const settings = ['-k', data, '-c', 'listen_addresses=127.0.0.1', '-c', 'autovacuum=off']
    this.#run('runuser', ...as(`${bin}/postgres`, '-D', data, ...settings))
    await sleep(3000)
    const connect = ['-h', '127.0.0.1', '-i', '-s', '1', 'postgres']
    execFileSync('runuser', as('pgbench', ...connect), { stdio: 'ignore', cwd: '/' })
  }

  #run(file: string, ...args: readonly string[]): void {
    // a tool that shares two processors with it is still in time
    const child = spawn('nice', [file, ...args], { stdio: 'ignore', cwd: '/' })
    child.on('error', error => {
      throw error
    })
    this.#children.push(child)
  }
}

function withDescendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    return [pid, ...children.flatMap(withDescendants)]
  } catch {
    return []
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it has ended
  }
}
