/** What /proc says of processes. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** USER_HZ: 100 on every architecture that Linux runs on here. */
const TICKS_PER_SECOND = 100

/** User and system time of a process with all its threads: fields 14 and 15 of /proc/PID/stat (proc(5)). */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid)
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Time that all threads of a process have run, to the nanosecond; of threads that ended, not (/proc/PID/schedstat). */
export function runNanoseconds(pid: number): number {
  return listing(`/proc/${pid}/task`)
    .map(tid => Number(contents(`/proc/${pid}/task/${tid}/schedstat`).split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0)
}

/** Processes that the first thread of a process started. */
export function childrenOf(pid: number): number[] {
  return contents(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

/** VmRSS in megabytes of 10^6 bytes. */
export function residentMegabytes(pid: number): number {
  return megabytes(pid, 'VmRSS')
}

/** RssAnon, the same way. */
export function privateMegabytes(pid: number): number {
  return megabytes(pid, 'RssAnon')
}

function megabytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]
  return (Number(kilobytes) * 1024) / 1e6
}

/** Bytes that a process has written to whatever it was so far. */
export function writtenBytes(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}

/** Process that traces another by ptrace; 0: none. */
export function tracerOf(pid: number): number {
  return Number(/^TracerPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** Files of a process without a name, such as `bpf-prog` and `[perf_event]`, by their descriptors. */
export function namelessFiles(pid: number): ReadonlyMap<number, string> {
  const files = new Map<number, string>()
  for (const fd of listing(`/proc/${pid}/fd`)) {
    const kind = /^anon_inode:(.*)$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1]
    if (kind !== undefined) files.set(Number(fd), kind)
  }
  return files
}

/** Figures that the kernel tells of an open BPF program. */
export interface ProgramFacts {
  /** BPF_PROG_TYPE_* of <linux/bpf.h>. */
  readonly type: number
  /** Only while run-time statistics are on. */
  readonly runSeconds: number
}

/** BPF programs that a process has open. */
export function programsOf(pid: number): ProgramFacts[] {
  return [...namelessFiles(pid)]
    .filter(([, kind]) => kind === 'bpf-prog')
    .map(([fd]) => {
      const text = contents(`/proc/${pid}/fdinfo/${fd}`)
      const fact = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(text)?.[1] ?? 0)
      return { type: fact('prog_type'), runSeconds: fact('run_time_ns') / 1e9 }
    })
}

export function processes(): number[] {
  return listing('/proc').map(Number).filter(Number.isInteger)
}

/** Command of a process; empty for one that has ended. */
export function commandOf(pid: number): string {
  return contents(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

/** 0 for one that has ended. */
export function parentOf(pid: number): number {
  try {
    return Number(statOf(pid)[1])
  } catch {
    return 0
  }
}

/** Fields of /proc/PID/stat behind the name, which may hold anything. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function listing(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
