/** Names that are written instead of numbers. They come from outside and are untrusted text. */
export interface Names {
  /** Name of the host that has this address; null while, or where, there is none. */
  host(address: string): string | null
  /** Name of the service that has this TCP port. */
  service(port: number): string | null
}
