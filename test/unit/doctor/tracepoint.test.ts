import { describe, expect, test } from 'vitest'
import { fieldOffset } from '../../../src/bpf/tracepoint.ts'

describe('the format of a tracepoint', () => {
  const recent =
    '\tfield:__u16 protocol;\toffset:30;\tsize:2;\tsigned:0;\n\tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n'
  const old =
    '\tfield:__u8 protocol;\toffset:30;\tsize:1;\tsigned:0;\n\tfield:__u8 saddr[4];\toffset:31;\tsize:4;\tsigned:0;\n'

  test('tells where a field is', () => {
    expect(fieldOffset(recent, 'saddr')).toBe(32)
    expect(fieldOffset(old, 'saddr')).toBe(31)
    expect(fieldOffset(recent, 'protocol')).toBe(30)
    expect(fieldOffset(recent, 'daddr')).toBeNull()
  })
})
