/** TLS: the files that variables name, and what gRPC makes of them. */

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { connect, createSecureContext, type SecureContext } from 'node:tls'
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js'
import { usageError } from '../../errors.ts'
import type { Endpoint, Source } from './endpoint.ts'
import { type Environment, type Signal, variable } from './variables.ts'

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>

/** Variables and the files that they name; null where none does. */
export type CertificateFiles = Readonly<Record<'ca' | 'cert' | 'key', Source | null>>

/**
 * The files are there, belong together and are certificates; what they are worth only the collector knows.
 * @throws UserError with status 2
 */
export function certificateFiles(environment: Environment, signal: Signal): CertificateFiles {
  const files = {
    ca: variable(environment, signal, 'CERTIFICATE'),
    cert: variable(environment, signal, 'CLIENT_CERTIFICATE'),
    key: variable(environment, signal, 'CLIENT_KEY'),
  }
  const { ca, cert, key } = files
  if ((cert === null) !== (key === null)) {
    const [there, missing] = cert === null ? [key, 'CLIENT_CERTIFICATE'] : [cert, 'CLIENT_KEY']
    throw usageError(
      `${there?.name}: a client certificate and its key must be set together`,
      `set ${there?.name.replace(/CLIENT_\w+$/, missing)} as well`,
    )
  }
  for (const file of [ca, cert]) if (file !== null) refuseUnusable([file], () => new X509Certificate(read(file)))
  if (cert !== null && key !== null) {
    refuseUnusable([cert, key], () => createSecureContext({ cert: read(cert), key: read(key) }))
  }
  return files
}

function refuseUnusable(files: readonly Source[], attempt: () => unknown): void {
  try {
    attempt()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const names = files.map(({ name }) => name).join(' and ')
    throw usageError(`${names}: not usable for TLS (${reason})`, 'give the path of a readable PEM file')
  }
}

/** What files held when they were read last, by their paths. */
const known = new Map<string, Buffer>()

/** A file that only root may read is read at the start, and stays as it was then once the program is another user's. */
function read({ text }: Source): Buffer {
  try {
    const bytes = readFileSync(text)
    known.set(text, bytes)
    return bytes
  } catch (error) {
    const before = known.get(text)
    if (before === undefined || !(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error
    return before
  }
}

/** @throws where a file is no longer there or no certificate */
export function credentials({ host, tls }: Endpoint, files: CertificateFiles): ChannelCredentials {
  if (!tls || host === null) return ChannelCredentials.createInsecure()
  const [ca, cert, key] = [files.ca, files.cert, files.key].map(file => (file === null ? null : read(file)))
  if (isIP(host) === 0) return ChannelCredentials.createSsl(ca, key, cert)
  const given = Object.entries({ ca, cert, key }).flatMap(([kind, text]) => (text ? [[kind, text]] : []))
  return new AddressCredentials(host, createSecureContext(Object.fromEntries(given)))
}

/** For TLS to an address gRPC would name the address as the server's name, which Node refuses. */
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
