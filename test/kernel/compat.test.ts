/**
 * All that is exact by the best means is exact in compatible mode as well: the same tests, run there, but for what it
 * does not tell (`Untold` of test/support/top.ts).
 */

process.env.EBPF_TOP_TEST_FLAGS = '--compat'

await import('./syscalls.test.ts')
await import('./call-ends.test.ts')
await import('./connections.test.ts')
await import('./early.test.ts')
await import('./filter.test.ts')
await import('./identity.test.ts')
await import('./tcp-bytes.test.ts')
await import('./tcp-container.test.ts')
await import('./tcp-delays.test.ts')
await import('./tcp-failed.test.ts')
await import('./tcp-handshake.test.ts')
await import('./tcp-holders.test.ts')
await import('./tcp-links.test.ts')
await import('./tcp-listener-choice.test.ts')
await import('./tcp-listeners.test.ts')
await import('./tcp-mptcp.test.ts')
await import('./tcp-namespaces.test.ts')
await import('./tcp-owner.test.ts')
await import('./tcp-queues.test.ts')
await import('./tcp-races.test.ts')

export {}
