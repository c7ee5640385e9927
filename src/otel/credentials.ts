/** How to connect. For TLS to an address gRPC would name the address as the server's name, which Node refuses. */

import { isIP } from 'node:net'
import { connect, createSecureContext, type SecureContext } from 'node:tls'
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js'
import { certificates, type Environment, variable } from './variables.ts'

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>

/** What an OTLP exporter is told; the rest it finds in the environment itself. */
export function connection(signal: 'METRICS' | 'TRACES', { timeoutMs }: { readonly timeoutMs: number }) {
  const credentials = addressCredentials(process.env, signal)
  return { timeoutMillis: timeoutMs, ...(credentials === null ? {} : { credentials }) }
}

/** Credentials for an endpoint that is an address; null for any other. */
function addressCredentials(environment: Environment, signal: string): ChannelCredentials | null {
  const endpoint = variable(environment, signal, 'ENDPOINT')?.text ?? ''
  const hasScheme = /^\w+:\/\//.test(endpoint)
  const insecure = !hasScheme && variable(environment, signal, 'INSECURE')?.text.toLowerCase() === 'true'
  const url = URL.parse(hasScheme ? endpoint : `https://${endpoint}`)
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  if (insecure || url?.protocol !== 'https:' || isIP(host) === 0) return null
  const { ca, cert, key } = certificates(environment, signal)
  const given = Object.entries({ ca, cert, key }).flatMap(([kind, file]) => (file === null ? [] : [[kind, file.text]]))
  return new AddressCredentials(host, createSecureContext(Object.fromEntries(given)))
}

class AddressCredentials extends ChannelCredentials {
  readonly #host: string
  readonly #context: SecureContext

  constructor(host: string, context: SecureContext) {
    super()
    this.#host = host
    this.#context = context
  }

  override _isSecure(): boolean {
    return true
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other
  }

  override _createSecureConnector(_target: unknown, _options: unknown, call?: CallCredentials): Connector {
    const options = { host: this.#host, secureContext: this.#context, ALPNProtocols: ['h2'] }
    return {
      connect: socket =>
        new Promise((resolve, reject) => {
          // the certificate must be one of the address, as Node checks where no server name is given
          const secured = connect({ ...options, socket }, () => resolve({ socket: secured, secure: true }))
          secured.on('error', reject)
        }),
      waitForReady: async () => {},
      getCallCredentials: () => call ?? CallCredentials.createEmpty(),
      destroy: () => {},
    }
  }
}
