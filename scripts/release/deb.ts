import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Architecture } from '../compile.ts'
import { settle, write } from './archive.ts'
import { type Contents, writeTree } from './tree.ts'

const ARCHITECTURE = { x64: 'amd64', arm64: 'arm64' } as const

/** Writes the package into `target`. */
export function makeDeb(folder: string, architecture: Architecture, contents: Contents, target: string): void {
  writeTree(folder, 'usr/share/zsh/vendor-completions', contents)
  const size = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => statSync(path.join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? Math.ceil(stat.size / 1024) : 1), 0)
  write(
    path.join(folder, 'DEBIAN/control'),
    `Package: ebpf-top
Version: ${contents.version}
Architecture: ${ARCHITECTURE[architecture]}
Maintainer: the ebpf-top authors <ebpf-top@localhost>
Installed-Size: ${size}
Depends: libc6 (>= 2.28)
Section: admin
Priority: optional
Description: which process is doing what to this kernel right now
 ebpf-top shows the system calls, TCP connections, bytes and latencies of every
 process, live and exactly, and sends them to an OpenTelemetry collector.
`,
  )
  write(path.join(folder, 'DEBIAN/conffiles'), '/etc/ebpf-top/otel.env\n')
  const script = (name: string, text: string): void =>
    write(path.join(folder, 'DEBIAN', name), `#!/bin/sh\nset -e\n${text}`, 0o755)
  const reload = '[ ! -d /run/systemd/system ] || systemctl daemon-reload || true\n'
  script(
    'postinst',
    `[ "$1" = configure ] || exit 0
${reload}# on an upgrade, where it was running
[ -z "$2" ] || [ ! -d /run/systemd/system ] || systemctl try-restart ebpf-top.service || true
`,
  )
  script(
    'prerm',
    `[ "$1" = remove ] || exit 0
[ ! -d /run/systemd/system ] || systemctl stop ebpf-top.service || true
[ ! -x /usr/bin/systemctl ] || systemctl --no-reload disable ebpf-top.service 2>/dev/null || true
`,
  )
  script('postrm', reload)
  settle(folder, contents)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', folder, target], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(contents.seconds), DPKG_DEB_THREADS_MAX: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
