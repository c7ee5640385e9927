/** Boots a kernel in qemu, without KVM, on the machine's own file system, which the virtual machine cannot change. */

import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Modules in the order in which they need each other. */
const MODULES = [
  ...['virtio', 'virtio_ring', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci', 'netfs', 'fscache'],
  ...['9pnet', '9pnet_virtio', '9p', 'fuse', 'virtiofs', 'overlay', 'inet_diag', 'tcp_diag'],
]

const VIRTIOFSD = ['/usr/libexec/virtiofsd', '/usr/lib/qemu/virtiofsd']

const UNPACK: Readonly<Record<string, readonly [string, ...string[]]>> = {
  '.ko': ['cat'],
  '.xz': ['xz', '-dc'],
  '.zst': ['zstd', '-dcq'],
}

export interface Outcome {
  /** What the command printed. */
  readonly output: string
  /** Its status; null: the machine never got there, or it took too long. */
  readonly status: number | null
  /** The kernel's messages. */
  readonly console: string
}

export interface BootSettings {
  readonly memoryMegabytes: number
  readonly processors: number
  readonly timeoutSeconds: number
}

const DEFAULTS: BootSettings = { memoryMegabytes: 2048, processors: 2, timeoutSeconds: 1200 }

/** Runs a command of the shell as root below the kernel of an unpacked package. */
export async function runBelow(
  kernel: string,
  command: string,
  settings: Partial<BootSettings> = {},
): Promise<Outcome> {
  const { memoryMegabytes, processors, timeoutSeconds } = { ...DEFAULTS, ...settings }
  const work = mkdtempSync(path.join(tmpdir(), 'ebpf-top-vm-'))
  const at = (name: string): string => path.join(work, name)
  const share = shareOf(kernel, work, memoryMegabytes)
  try {
    makeInitrd(kernel, command, work)
    const args = [
      // 16-byte compare and swap is emulated wrongly by qemu 7.2
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max,-cx16', '-m', `${memoryMegabytes}`, '-smp', `${processors}`],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-kernel', image(kernel), '-initrd', at('initrd')],
      ...share.arguments,
      ...['-serial', `file:${at('console')}`, '-serial', `file:${at('output')}`],
      ...['-append', 'console=ttyS0 loglevel=4 panic=-1 mitigations=off'],
    ]
    const qemu = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'inherit', 'inherit'] })
    const timer = setTimeout(() => qemu.kill('SIGKILL'), timeoutSeconds * 1000)
    await new Promise((resolve, reject) => {
      qemu.once('exit', resolve)
      qemu.once('error', reject)
    })
    clearTimeout(timer)
    const output = readFileSync(at('output'), 'utf8')
    const status = /^kernels: status (\d+)\s*$/m.exec(output)?.[1]
    return {
      output: output.replace(/^kernels: status .*\n?/m, ''),
      status: status === undefined ? null : Number(status),
      console: readFileSync(at('console'), 'utf8'),
    }
  } finally {
    share.end()
    rmSync(work, { recursive: true, force: true })
  }
}

interface Share {
  /** Of qemu. */
  readonly arguments: readonly string[]
  end(): void
}

/** How the virtual machine gets at the host's files: 9p where the kernel has it, else virtiofs. */
function shareOf(kernel: string, work: string, memoryMegabytes: number): Share {
  if (!hasVirtiofs(kernel)) {
    const device = ['-device', 'virtio-9p-pci,fsdev=host,mount_tag=host']
    const files = ['-fsdev', 'local,id=host,path=/,security_model=none,readonly=on,multidevs=remap']
    return { arguments: [...files, ...device], end() {} }
  }
  const daemon = VIRTIOFSD.find(file => existsSync(file))
  if (daemon === undefined) throw new Error(`none of ${VIRTIOFSD.join(', ')} is there: install virtiofsd`)
  const socket = path.join(work, 'files')
  const options = ['-o', 'source=/', '-o', 'sandbox=chroot', '-o', 'cache=always']
  const files = spawn(daemon, [`--socket-path=${socket}`, ...options], { stdio: 'ignore' })
  execFileSync('sh', ['-c', `for i in $(seq 100); do [ -S ${socket} ] && exit; sleep 0.1; done; exit 1`])
  const memory = `memory-backend-memfd,id=memory,size=${memoryMegabytes}M,share=on`
  return {
    arguments: [
      ...['-object', memory, '-numa', 'node,memdev=memory', '-chardev', `socket,id=files,path=${socket}`],
      ...['-device', 'vhost-user-fs-pci,chardev=files,tag=host'],
    ],
    end: () => files.kill(),
  }
}

/** As a module or built in. */
function hasVirtiofs(kernel: string): boolean {
  const names = execFileSync('find', [kernel, '-name', 'virtiofs.ko*', '-o', '-name', 'modules.builtin'], {
    encoding: 'utf8',
  })
  return names
    .split('\n')
    .filter(name => name !== '')
    .some(name => !name.endsWith('modules.builtin') || readFileSync(name, 'utf8').includes('virtiofs'))
}

/** The compressed kernel of a package; newer ones have it beside their modules. */
function image(kernel: string): string {
  const found = execFileSync('find', [kernel, '-name', 'vmlinuz*'], { encoding: 'utf8' }).split('\n')[0] ?? ''
  if (found === '') throw new Error(`there is no vmlinuz in ${kernel}`)
  return found
}

/** A file system with busybox, the modules, init.sh and the command. */
function makeInitrd(kernel: string, command: string, work: string): void {
  const root = path.join(work, 'initrd.d')
  for (const folder of ['bin', 'modules', 'proc', 'sys', 'dev']) mkdirSync(path.join(root, folder), { recursive: true })
  copyFileSync('/bin/busybox', path.join(root, 'bin/busybox'))
  copyFileSync(path.join(import.meta.dirname, 'init.sh'), path.join(root, 'init'))
  chmodSync(path.join(root, 'init'), 0o755)
  writeFileSync(path.join(root, 'command'), `${command}\n`)
  const files = execFileSync('find', [kernel, '-name', '*.ko*'], { encoding: 'utf8' }).split('\n')
  for (const [i, module] of MODULES.entries()) {
    const file = files.find(name => path.basename(name).replace(/\.ko(\.\w+)?$/, '') === module)
    if (file === undefined) continue
    const [program, ...args] = UNPACK[path.extname(file)] ?? ['cat']
    const content = execFileSync(program, [...args, file], { maxBuffer: 1 << 26 })
    writeFileSync(path.join(root, `modules/${String(i).padStart(2, '0')}-${module}.ko`), content)
  }
  const list = execFileSync('find', ['.'], { cwd: root })
  const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: root, input: list, maxBuffer: 1 << 28 })
  writeFileSync(path.join(work, 'initrd'), archive)
}
