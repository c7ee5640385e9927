/** Boots a kernel in qemu, without KVM, on a file system of the host that the virtual machine cannot change. */

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
import type { DebianArchitecture } from './apt.ts'

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
  readonly architecture: DebianArchitecture
  /** As qemu has it; null: what is emulated well. */
  readonly cpu: string | null
  /** Folder that is the root file system; it is only read. */
  readonly root: string
  readonly memoryMegabytes: number
  readonly processors: number
  readonly timeoutSeconds: number
}

const DEFAULTS: BootSettings = {
  architecture: 'amd64',
  cpu: null,
  root: '/',
  memoryMegabytes: 2048,
  processors: 2,
  timeoutSeconds: 1200,
}

interface Machine {
  readonly program: string
  readonly arguments: readonly string[]
  readonly cpu: string
  /** Of qemu: a second serial line that ends in a file. */
  readonly secondLine: (file: string) => readonly string[]
  /** Names of the serial lines. */
  readonly console: string
  readonly output: string
}

const MACHINES: Readonly<Record<DebianArchitecture, Machine>> = {
  amd64: {
    program: 'qemu-system-x86_64',
    arguments: [],
    // 16-byte compare and swap is emulated wrongly by qemu 7.2: a fifth of the boots fail with it
    cpu: 'max,-cx16',
    secondLine: file => ['-serial', `file:${file}`],
    console: 'ttyS0',
    output: 'ttyS1',
  },
  arm64: {
    program: 'qemu-system-aarch64',
    arguments: ['-machine', 'virt'],
    // pointer authentication as the architecture has it takes most of the time
    cpu: 'max,pauth-impdef=on',
    secondLine: file => ['-chardev', `file,id=output,path=${file}`, '-device', 'pci-serial,chardev=output'],
    console: 'ttyAMA0',
    output: 'ttyS0',
  },
}

/** Runs a command of the shell as root below the kernel of an unpacked package. */
export async function runBelow(
  kernel: string,
  command: string,
  settings: Partial<BootSettings> = {},
): Promise<Outcome> {
  const { architecture, cpu, root, memoryMegabytes, processors, timeoutSeconds } = { ...DEFAULTS, ...settings }
  const machine = MACHINES[architecture]
  const work = mkdtempSync(path.join(tmpdir(), 'ebpf-top-vm-'))
  const at = (name: string): string => path.join(work, name)
  const share = shareOf(kernel, root, work, memoryMegabytes)
  try {
    makeInitrd(kernel, root, command, work)
    const args = [
      ...['-accel', 'tcg,thread=multi', ...machine.arguments, '-cpu', cpu ?? machine.cpu],
      ...['-m', `${memoryMegabytes}`, '-smp', `${processors}`],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-kernel', image(kernel), '-initrd', at('initrd')],
      ...share.arguments,
      ...['-serial', `file:${at('console')}`, ...machine.secondLine(at('output'))],
      // what the kernel does not know it gives to init
      ...[
        '-append',
        `console=${machine.console} loglevel=4 panic=-1 softlockup_panic=1 mitigations=off output=${machine.output}`,
      ],
    ]
    const qemu = spawn(machine.program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
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
function shareOf(kernel: string, root: string, work: string, memoryMegabytes: number): Share {
  if (!hasVirtiofs(kernel)) {
    const device = ['-device', 'virtio-9p-pci,fsdev=host,mount_tag=host']
    const files = ['-fsdev', `local,id=host,path=${root},security_model=none,readonly=on,multidevs=remap`]
    return { arguments: [...files, ...device], end() {} }
  }
  const daemon = VIRTIOFSD.find(file => existsSync(file))
  if (daemon === undefined) throw new Error(`none of ${VIRTIOFSD.join(', ')} is there: install virtiofsd`)
  const socket = path.join(work, 'files')
  const options = ['-o', `source=${root}`, '-o', 'sandbox=chroot', '-o', 'cache=always']
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
function makeInitrd(kernel: string, root: string, command: string, work: string): void {
  const tree = path.join(work, 'initrd.d')
  for (const folder of ['bin', 'modules', 'proc', 'sys', 'dev']) mkdirSync(path.join(tree, folder), { recursive: true })
  copyFileSync(path.join(root, 'bin/busybox'), path.join(tree, 'bin/busybox'))
  copyFileSync(path.join(import.meta.dirname, 'init.sh'), path.join(tree, 'init'))
  chmodSync(path.join(tree, 'init'), 0o755)
  writeFileSync(path.join(tree, 'command'), `${command}\n`)
  const files = execFileSync('find', [kernel, '-name', '*.ko*'], { encoding: 'utf8' }).split('\n')
  for (const [i, module] of MODULES.entries()) {
    const file = files.find(name => path.basename(name).replace(/\.ko(\.\w+)?$/, '') === module)
    if (file === undefined) continue
    const [program, ...args] = UNPACK[path.extname(file)] ?? ['cat']
    const content = execFileSync(program, [...args, file], { maxBuffer: 1 << 26 })
    writeFileSync(path.join(tree, `modules/${String(i).padStart(2, '0')}-${module}.ko`), content)
  }
  const list = execFileSync('find', ['.'], { cwd: tree })
  const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: tree, input: list, maxBuffer: 1 << 28 })
  writeFileSync(path.join(work, 'initrd'), archive)
}
