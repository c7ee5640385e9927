import { Sockets } from './sockets.ts'
import { Top } from './top.ts'

const HOST = '127.0.0.1'

/** Two ends of a connection in processes of their own, made while ebpf-top watches: slot 0 of the client, 1 of the server. */
export async function connectedPair() {
  const server = new Sockets()
  const client = new Sockets()
  const port = await server.ask('listen', 0, HOST, 0, 10)
  const top = await Top.start('-d', 0.2)
  const local = await client.connect(0, HOST, port)
  await server.tell('accept', 1, 0)
  return { server, client, port, local, top }
}
