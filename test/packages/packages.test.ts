import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { debians, files, RELEASE, System, sampleOf, version } from './root.ts'

const ONCE = '--once -d 0.2 --output json'

/** Calls in a sample, while somebody makes some: on an idle machine there may be none. */
function callsIn(system: System, command: string): number {
  const busy = '(while :; do sleep 0.01; done) & busy=$!'
  return sampleOf(system.run(`${busy}; ${command}; status=$?; kill $busy; exit $status`)).syscalls.length
}

/** What holds of an installed program, however it came there. */
function expectToWork(system: System, command: string): void {
  expect(system.run(`${command} --version`)).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  expect(system.run(`${command} --doctor`).stdout).toMatch(/ebpf-top can run here/)
  expect(callsIn(system, `${command} ${ONCE}`)).toBeGreaterThan(0)
  // somebody with the capabilities, and somebody without
  const as = 'setpriv --reuid=65534 --regid=65534 --clear-groups'
  const caps = '+bpf,+perfmon'
  const numbers = '+cap_39,+cap_38'
  const granted = system.run(`${as} --inh-caps=${caps} --ambient-caps=${caps} true`).status === 0 ? caps : numbers
  const capable = `${as} --inh-caps=${granted} --ambient-caps=${granted} ${command} ${ONCE}`
  expect(callsIn(system, capable)).toBeGreaterThan(0)
  const refused = system.run(`${as} ${command} ${ONCE}`)
  expect(refused).toMatchObject({ status: 3, stdout: '' })
  expect(refused.stderr.split('\n')).toEqual([expect.stringMatching(/^ebpf-top: /), expect.stringMatching(/^ {2}/), ''])
}

test('every file has its sum', () => {
  expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: RELEASE, encoding: 'utf8' })).not.toMatch(/FAILED/)
  const summed = readFileSync(path.join(RELEASE, 'SHA256SUMS'), 'utf8').match(/\S+$/gm)
  expect(summed).toEqual(
    readdirSync(RELEASE)
      .filter(name => name !== 'SHA256SUMS')
      .sort(),
  )
})

describe.each(debians)('Debian %i', release => {
  test('runs the single executable, without a folder that may execute', () => {
    const system = System.debian(release)
    execFileSync('tar', ['xzf', files.single, '-C', system.folder, '--strip-components=1', '--wildcards', '*/ebpf-top'])
    expectToWork(system, '/ebpf-top')
    system.must('mkdir -p /n && mount -t tmpfs -o noexec none /tmp && mount -t tmpfs -o noexec none /var/tmp')
    expect(callsIn(system, `TMPDIR=/n/none /ebpf-top ${ONCE}`)).toBeGreaterThan(0)
  })

  test('installs, upgrades and removes the deb', () => {
    const system = System.debian(release)
    const before = system.list()
    system.put(files.deb, 'tmp/ebpf-top.deb')
    system.must('dpkg -i /tmp/ebpf-top.deb')
    expectToWork(system, 'ebpf-top')
    // an upgrade keeps settings that were changed
    system.must('echo OTEL_SERVICE_NAME=mine >>/etc/ebpf-top/otel.env')
    system.must(
      'dpkg-deb -R /tmp/ebpf-top.deb /tmp/next && sed -i "s/^Version:.*/Version: 99/" /tmp/next/DEBIAN/control',
    )
    system.must('echo "# new" >>/tmp/next/etc/ebpf-top/otel.env && dpkg-deb -Znone -b /tmp/next /tmp/next.deb')
    system.must('dpkg --force-confdef --force-confold -i /tmp/next.deb')
    expect(system.must('cat /etc/ebpf-top/otel.env')).toContain('OTEL_SERVICE_NAME=mine')
    system.must('dpkg -r ebpf-top')
    expect(system.run('command -v ebpf-top').status).not.toBe(0)
    expect(existsSync(path.join(system.folder, 'etc/ebpf-top/otel.env'))).toBe(true)
    system.must('dpkg -P ebpf-top')
    expect(system.list().filter(name => !before.includes(name))).toEqual([])
  })
})

test('the rpm installs, keeps settings on an upgrade, and leaves nothing', () => {
  const system = System.debian(12)
  const before = system.list()
  const rpm = (...args: readonly string[]): string =>
    execFileSync('rpm', ['--root', system.folder, '--nodeps', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  rpm('-i', files.rpm)
  expect(rpm('-V', 'ebpf-top')).toBe('')
  expectToWork(system, 'ebpf-top')
  writeFileSync(path.join(system.folder, 'etc/ebpf-top/otel.env'), 'OTEL_SERVICE_NAME=mine\n')
  rpm('-U', '--force', files.rpm)
  expect(system.must('cat /etc/ebpf-top/otel.env')).toBe('OTEL_SERVICE_NAME=mine\n')
  rpm('-e', 'ebpf-top')
  const left = system.list().filter(name => !before.includes(name) && !/(^|\/)rpm(\/|$)|\.rpmsave$/.test(name))
  expect(left.filter(name => name !== 'etc/ebpf-top')).toEqual([])
})

test('the npm package needs no other, compiles nothing, and brings libbpf', () => {
  const names = execFileSync('tar', ['tzf', files.npm], { encoding: 'utf8' }).trim().split('\n')
  expect(names.filter(name => /koffi\.node$|libbpf\.so\.1$|\/full\.bpf\.o$/.test(name)).sort()).toEqual(
    ['arm64', 'x64'].flatMap(folder =>
      ['full.bpf.o', 'koffi.node', 'libbpf.so.1'].map(name => `package/dist/${folder}/${name}`),
    ),
  )
  expect(names.filter(name => /win32|darwin|bsd|devtools/i.test(name))).toEqual([])
  const system = System.debian(12)
  system.put(files.npm, 'tmp/ebpf-top.tgz')
  // Node as somebody would have it who got it from nodejs.org
  system.must('mkdir -p /usr/local/lib/node_modules/ebpf-top')
  system.must('tar xzf /tmp/ebpf-top.tgz -C /usr/local/lib/node_modules/ebpf-top --strip-components=1')
  const { dependencies, scripts } = JSON.parse(system.must('cat /usr/local/lib/node_modules/ebpf-top/package.json'))
  expect({ dependencies, scripts }).toEqual({ dependencies: undefined, scripts: undefined })
  system.put(process.execPath, 'usr/local/bin/node')
  for (const name of ['libatomic.so.1']) system.put(`/usr/lib/x86_64-linux-gnu/${name}`, `usr/lib/${name}`)
  system.must('ln -s ../lib/node_modules/ebpf-top/dist/cli.js /usr/local/bin/ebpf-top')
  expectToWork(system, 'ebpf-top')
})

test('npm installs the package globally', () => {
  const prefix = System.empty().folder
  execFileSync('npm', ['install', '-g', '--loglevel=error', '--offline', '--prefix', prefix, files.npm])
  const run = (...args: readonly string[]): string =>
    execFileSync(path.join(prefix, 'bin/ebpf-top'), args, {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` },
    })
  expect(run('--version')).toBe(`${version}\n`)
  expect(JSON.parse(run(...ONCE.split(' '))).syscalls.length).toBeGreaterThan(0)
})

test('the single executable does not tell where it was made', () => {
  const system = System.empty()
  execFileSync('tar', ['xzf', files.single, '-C', system.folder, '--strip-components=1'])
  const file = readFileSync(path.join(system.folder, 'ebpf-top'))
  expect(file.indexOf(path.dirname(RELEASE))).toBe(-1)
})

test('the single executable and what it brings ask for no glibc newer than 2.28', () => {
  const system = System.empty()
  execFileSync('tar', ['xf', files.image, '-C', system.folder])
  execFileSync('tar', ['xzf', files.single, '-C', system.folder, '--strip-components=1'])
  const asked = execFileSync('readelf', ['-VW', path.join(system.folder, 'ebpf-top')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 26,
  })
  const all = [asked, readFileSync(path.join(system.folder, 'ebpf-top')).toString('latin1')].join('\n')
  const versions = [...all.matchAll(/GLIBC_2\.(\d+)\b/g)].map(match => Number(match[1]))
  expect(versions.length).toBeGreaterThan(0)
  expect(Math.max(...versions)).toBeLessThanOrEqual(28)
})

test('the image runs below runc with the rights of the DaemonSet and a root that is only read', () => {
  const system = System.empty()
  execFileSync('tar', ['xf', files.image, '-C', system.folder])
  const read = (digest: string): Buffer =>
    readFileSync(path.join(system.folder, 'blobs/sha256', digest.replace('sha256:', '')))
  const index: { manifests: { digest: string }[] } = JSON.parse(
    readFileSync(path.join(system.folder, 'index.json'), 'utf8'),
  )
  const manifest: { config: { digest: string }; layers: { digest: string; size: number }[] } = JSON.parse(
    read(index.manifests[0]?.digest ?? '').toString(),
  )
  const { config }: { config: { Entrypoint: string[] } } = JSON.parse(read(manifest.config.digest).toString())
  execFileSync('mkdir', ['rootfs'], { cwd: system.folder })
  for (const { digest } of manifest.layers) {
    execFileSync('tar', ['xzf', '-', '-C', path.join(system.folder, 'rootfs')], { input: read(digest) })
  }
  // as it is pulled
  expect(statSync(files.image).size).toBeLessThanOrEqual(120e6)
  const daemonSet = readFileSync(path.join(RELEASE, '../deploy/kubernetes/daemonset.yaml'), 'utf8')
  const capabilities = (/add: \[(.*)\]/.exec(daemonSet)?.[1] ?? '').split(', ').map(name => `CAP_${name}`)
  const bundle = {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: [...config.Entrypoint, ...ONCE.split(' ')],
      env: ['PATH=/usr/bin'],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: 'rootfs', readonly: true },
    // as hostPID and hostNetwork have it
    mounts: [
      { destination: '/proc', type: 'none', source: '/proc', options: ['rbind'] },
      { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'ro'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
    ],
    linux: { namespaces: [{ type: 'mount' }, { type: 'ipc' }, { type: 'uts' }] },
  }
  writeFileSync(path.join(system.folder, 'config.json'), JSON.stringify(bundle))
  chmodSync(system.folder, 0o755)
  const name = `ebpf-top-test-${process.pid}`
  const stdout = execFileSync('runc', ['run', '-b', system.folder, name], { encoding: 'utf8' })
  expect(JSON.parse(stdout).syscalls.length).toBeGreaterThan(0)
})
