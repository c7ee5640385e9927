/** Names of packages, by distribution. */

import { readFileSync } from 'node:fs'

/** Command that installs libbpf, by the ID of os-release(5). */
const LIBBPF: Readonly<Record<string, string>> = {
  debian: 'apt-get install libbpf1 (Debian 12 and later), apt-get install libbpf0 (Debian 11)',
  ubuntu: 'apt-get install libbpf1 (22.10 and later), apt-get install libbpf0 (22.04 and 20.04)',
  fedora: 'dnf install libbpf',
  rhel: 'dnf install libbpf',
  centos: 'dnf install libbpf',
  suse: 'zypper install libbpf1',
  opensuse: 'zypper install libbpf1',
  arch: 'pacman -S libbpf',
  alpine: 'apk add libbpf',
  amzn: 'dnf install libbpf',
}

/** What to do where libbpf is absent or older than 0.5; `osRelease` is the text of /etc/os-release. */
export function installLibbpf(osRelease: string = readOsRelease()): string {
  for (const id of distributions(osRelease)) {
    const command = LIBBPF[id]
    if (command !== undefined) return `install it: ${command}`
  }
  return 'install libbpf 0.5 or newer from the packages of this distribution'
}

/** ID and then ID_LIKE: the distribution itself and those that it descends from. */
function distributions(osRelease: string): string[] {
  const value = (key: string): string => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? ''
  return [value('ID'), ...value('ID_LIKE').split(' ')].map(id => id.replace(/-.*/, ''))
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}
