import { describe, expect, test } from 'vitest'
import { installLibbpf } from '../../../src/bpf/packages.ts'

describe('the package with libbpf', () => {
  test.each([
    ['Debian', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'apt-get install libbpf1'],
    ['Ubuntu', 'ID=ubuntu\nID_LIKE=debian\n', 'apt-get install libbpf0 (22.04 and 20.04)'],
    ['Rocky Linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf install libbpf'],
    ['openSUSE', 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', 'zypper install libbpf1'],
    ['Arch', 'ID=arch\n', 'pacman -S libbpf'],
    ['an unknown one', 'ID=mine\n', 'install libbpf 0.5 or newer'],
    ['none', '', 'install libbpf 0.5 or newer'],
  ])('of %s', (_, osRelease, command) => {
    expect(installLibbpf(osRelease)).toContain(command)
  })
})
