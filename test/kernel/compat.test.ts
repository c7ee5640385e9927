/** All that is exact by the best means is exact in compatible mode as well: the same tests, run there. */

process.env.EBPF_TOP_TEST_FLAGS = '--compat'

await import('./syscalls.test.ts')
await import('./connections.test.ts')
await import('./filter.test.ts')

export {}
