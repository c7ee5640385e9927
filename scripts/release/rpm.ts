import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Architecture } from '../compile.ts'
import { settle, write } from './archive.ts'
import { type Contents, writeTree } from './tree.ts'

const ARCHITECTURE = { x64: 'x86_64', arm64: 'aarch64' } as const

/** Writes the package into `target`. */
export function makeRpm(folder: string, architecture: Architecture, contents: Contents, target: string): void {
  writeTree(folder, 'usr/share/zsh/site-functions', contents)
  settle(folder, contents)
  const work = mkdtempSync(path.join(tmpdir(), 'ebpf-top-rpm-'))
  try {
    const spec = path.join(work, 'ebpf-top.spec')
    write(spec, specification(folder, contents))
    const settings = {
      _topdir: work,
      _rpmdir: work,
      _buildhost: 'localhost',
      use_source_date_epoch_as_buildtime: '1',
      clamp_mtime_to_source_date_epoch: '1',
      _binary_payload: 'w6.xzdio',
      _build_id_links: 'none',
      debug_package: '%{nil}',
      __os_install_post: '%{nil}',
    }
    execFileSync(
      'rpmbuild',
      [
        ...['-bb', '--quiet', '--target', `${ARCHITECTURE[architecture]}-linux`],
        ...Object.entries(settings).flatMap(([name, value]) => ['--define', `${name} ${value}`]),
        spec,
      ],
      {
        env: { ...process.env, SOURCE_DATE_EPOCH: String(contents.seconds) },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
    const made = readdirSync(work, { recursive: true, encoding: 'utf8' }).find(name => name.endsWith('.rpm'))
    if (made === undefined) throw new Error('rpmbuild made no package')
    copyFileSync(path.join(work, made), target)
  } finally {
    rmSync(work, { recursive: true })
  }
}

function specification(folder: string, { version }: Contents): string {
  return `Name: ebpf-top
Version: ${version}
Release: 1
Summary: Which process is doing what to this kernel right now
License: Apache-2.0
Requires: glibc >= 2.28
AutoReqProv: no

%description
ebpf-top shows the system calls, TCP connections, bytes and latencies of every
process, live and exactly, and sends them to an OpenTelemetry collector.

%install
cp -a ${folder}/. %{buildroot}

%files
%defattr(-,root,root)
/usr/bin/ebpf-top
/usr/share/man/man8/ebpf-top.8.gz
/usr/share/bash-completion/completions/ebpf-top
%dir /usr/share/zsh
%dir /usr/share/zsh/site-functions
/usr/share/zsh/site-functions/_ebpf-top
%dir /usr/share/fish
%dir /usr/share/fish/vendor_completions.d
/usr/share/fish/vendor_completions.d/ebpf-top.fish
/usr/lib/systemd/system/ebpf-top.service
/usr/share/doc/ebpf-top
%dir /etc/ebpf-top
%config(noreplace) /etc/ebpf-top/otel.env

%post
[ ! -d /run/systemd/system ] || systemctl daemon-reload || :

%preun
if [ "$1" = 0 ]; then
  [ ! -d /run/systemd/system ] || systemctl stop ebpf-top.service || :
  [ ! -x /usr/bin/systemctl ] || systemctl --no-reload disable ebpf-top.service 2>/dev/null || :
fi

%postun
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
  [ "$1" = 0 ] || systemctl try-restart ebpf-top.service || :
fi
`
}
