import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { Lender } from '../../../src/bpf/maps/lent.ts'

test('bytes can be read until they were released as often as they are held', () => {
  const lent = new Lender().lend(8)
  lent.bytes.setUint32(0, 7)
  lent.hold()
  lent.release()
  expect(lent.bytes.getUint32(0)).toBe(7)
  lent.release()
  expect(() => lent.bytes.getUint32(0)).toThrow(TypeError)
})

test('memory that nobody holds is used again, but never for two at a time', () => {
  const lender = new Lender()
  lender.lend(100_000).release()
  const [first, second] = [lender.lend(100_000), lender.lend(100_000)]
  first.bytes.setUint32(0, 1)
  second.bytes.setUint32(0, 2)
  expect([first.bytes.getUint32(0), second.bytes.getUint32(0)]).toEqual([1, 2])
})

test('of many that are released at once only a few are kept', async () => {
  const lender = new Lender()
  const size = 1 << 20
  const lent = Array.from({ length: 100 }, () => lender.lend(size))
  const before = memoryInUse()
  for (const one of lent.splice(0)) one.release()
  // memory of buffers is freed by another thread
  await vi.waitFor(() => expect(before - memoryInUse()).toBeGreaterThan(90 * size), 20_000)
})

function memoryInUse(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().arrayBuffers
}
