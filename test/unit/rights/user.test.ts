import { describe, expect, it } from 'vitest'
import { callerIn, userNamed } from '../../../src/rights/user.ts'

const ACCOUNTS = {
  passwd: [
    'root:x:0:0:root:/root:/bin/bash',
    'toor:x:0:0::/root:/bin/sh',
    'wheely:x:7:0::/:/bin/sh',
    'nobody:x:65534:65533::/:/bin/false',
    'ann:x:1000:100:Ann:/home/ann:/bin/bash',
    'broken:x:abc:def',
    '',
  ].join('\n'),
  group: 'root:x:0:ann\nusers:x:100:ann\nadm:x:4:syslog,ann\nvideo:x:44:bob,anna\naudio:x:29:ann\nodd\n',
}
const NONE = { passwd: '', group: '' }
const nobody = { name: 'nobody', uid: 65534, gid: 65533, groups: [] }
const ann = { name: 'ann', uid: 1000, gid: 100, groups: [4, 29] }

describe('who called sudo', () => {
  it('is a user with the groups that name it, but for that of root', () => {
    expect(callerIn({ SUDO_UID: '1000', SUDO_GID: '100' }, ACCOUNTS)).toEqual(ann)
  })

  it('may have no entry of its own', () => {
    const user = { name: 'uid 4000000000', uid: 4_000_000_000, gid: 12, groups: [] }
    expect(callerIn({ SUDO_UID: '4000000000', SUDO_GID: '12' }, ACCOUNTS)).toEqual(user)
  })

  it.each([
    ['', ''],
    ['0', '0'],
    ['1000', ''],
    ['1000', '0'],
    ['0', '100'],
    ['garbage', '100'],
    ['-1', '100'],
    ['4294967295', '100'],
    ['99999999999', '100'],
    ['1000 ', '100'],
    ['0x3e8', '100'],
    ['1e3', '100'],
    ['1000', '1.5'],
  ])('is nobody where the variables are "%s" and "%s"', (SUDO_UID, SUDO_GID) => {
    expect(callerIn({ SUDO_UID, SUDO_GID }, ACCOUNTS)).toEqual(nobody)
  })

  it('is nobody where there are no variables and no accounts', () => {
    expect(callerIn({}, NONE)).toEqual({ name: 'nobody', uid: 65534, gid: 65534, groups: [] })
  })
})

describe('a user', () => {
  it('is found by name and by number', () => {
    expect(userNamed('ann', ACCOUNTS)).toEqual(ann)
    expect(userNamed('1000', ACCOUNTS)).toEqual(ann)
    expect(userNamed('1234', ACCOUNTS)).toEqual({ name: 'uid 1234', uid: 1234, gid: 65534, groups: [] })
  })

  it.each(['root', '0', 'toor', 'wheely', 'broken', 'bob', '', '-1', '00', '4294967295', 'Ann', 'ann:x', '1000x'])(
    '"%s" is none, or root',
    name => expect(userNamed(name, ACCOUNTS)).toBeNull(),
  )
})
