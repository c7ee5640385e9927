import type { DebianKernel } from './fetch.ts'

export interface Kernel extends DebianKernel {
  readonly release: string
  /** Programs on changes of state of connections can be preempted, and it leaves out what others do meanwhile. */
  readonly leavesOut?: boolean
  /** As qemu has it, where the usual one will not do. */
  readonly cpu?: string | null
}

/** Kernels that the tests are run on. */
export const kernels: readonly Kernel[] = [
  {
    name: '5.10',
    suite: 'bullseye',
    release: 'Debian 11',
    package: 'linux-image-cloud-amd64',
    libbpf: 'libbpf0',
    architecture: 'amd64',
  },
  { name: '6.1', suite: 'bookworm', release: 'Debian 12', package: 'linux-image-cloud-amd64', architecture: 'amd64' },
  { name: '6.12', suite: 'trixie', release: 'Debian 13', package: 'linux-image-cloud-amd64', architecture: 'amd64' },
  {
    name: 'newest',
    suite: 'trixie-backports',
    release: 'Debian 13 backports',
    package: 'linux-image-cloud-amd64',
    architecture: 'amd64',
    // without 16-byte compare and swap it has no memory for task storage
    cpu: 'max',
    leavesOut: true,
  },
  { name: 'arm64', suite: 'trixie', release: 'Debian 13', package: 'linux-image-cloud-arm64', architecture: 'arm64' },
]

/** Those that are quick enough for every run: one old, one new. */
export const forEveryRun = ['5.10', '6.12'] as const
