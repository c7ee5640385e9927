/** A small load of every kind for a recording: calls that succeed, fail and take long, connections that live, close and fail. */

import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What is sent, and answered. */
const QUESTION = Buffer.alloc(1000, 'q')
const ANSWER = Buffer.alloc(5000, 'a')

function serve(host: string, port: number): Server {
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write(ANSWER))
    socket.on('end', () => socket.end())
  })
  return server.listen(port, host)
}

function open(host: string, port: number): Socket {
  const socket = connect(port, host)
  socket.on('error', () => {})
  return socket
}

/** Servers by their address and port. */
const servers = [
  { host: '127.0.0.1', port: 18_080 },
  { host: '::1', port: 18_081 },
  { host: '::', port: 18_082 },
]
for (const { host, port } of servers) serve(host, port)

// those that stay: one moves bytes now and then, one rests, one does not read what comes
const steady = servers.map(({ host, port }) => open(host === '::' ? '127.0.0.1' : host, port).resume())
const deaf = open('127.0.0.1', 18_080).pause()
deaf.write(QUESTION)

const datagrams = createSocket('udp4')

console.log('ready')
for (let turn = 0; ; turn++) {
  steady[turn % 2]?.write(QUESTION)
  for (const { host, port } of servers) {
    const socket = open(host === '::' ? '127.0.0.1' : host, port)
    socket.once('data', () => (turn % 3 === 2 ? socket.resetAndDestroy() : socket.end()))
    socket.resume().write(QUESTION)
  }
  // nobody listens there
  open('127.0.0.1', 1)
  open('::1', 1)
  datagrams.send(QUESTION, 18_083, '127.0.0.1')
  for (const path of ['/nowhere', '/proc/1/mem/x', '/root\0'.slice(0, 5)]) {
    try {
      statSync(path)
      readFileSync(path)
    } catch {
      // that is what it is for
    }
  }
  readdirSync('/')
  execFile('sleep', ['0.03'], () => {})
  execFile('sh', ['-c', 'exit 3'], () => {})
  await sleep(150)
}
