import { readText, readU64, type StructLayout } from '../../bpf/btf/layout.ts'
import type { Times } from '../../bpf/clock.ts'
import { type Arch, syscallName } from '../../syscall/names.ts'
import { COMPAT_BIT } from '../syscalls/call-records.ts'
import { descriptorText, fileText, numberText, type SocketOffsets, socketText } from './argument.ts'
import { takesNothing } from './descriptors.ts'
import { isIdle } from './idle.ts'
import type { InFlightRow } from './row.ts'
import { threadState } from './thread-state.ts'

/** Where the members of a row lie. */
export type Offsets = ReturnType<typeof offsetsIn>

/** `enum begun` of bpf/in_flight_row.bpf.h. */
export const BEGUN = { seen: 1, earlier: 2, before: 3, unseen: 4 } as const

/** `enum argument` there. */
const KIND = { file: 1, socket: 2, closed: 3 } as const
const PATH_CUT = 1
const PATH_DELETED = 2

/** Of the mode of a file. */
const FILE_TYPE = 0o170000
const CHARACTER_DEVICE = 0o020000
/** A device number is major << 20 | minor inside of the kernel. */
const MINOR_BITS = 20

const NAME_LENGTH = 16

export function offsetsIn(row: StructLayout, socket: StructLayout) {
  const addresses: SocketOffsets = {
    family: socket.u16('family'),
    localPort: socket.u16('local_port'),
    remotePort: socket.u16('remote_port'),
    device: socket.u32('device'),
    local: socket.array('local', 1, 16),
    remote: socket.array('remote', 1, 16),
  }
  return {
    /** Of the fixed part. */
    rowSize: row.size,
    seen: row.u64('seen_ns'),
    entered: row.u64('entered_ns'),
    processStarted: row.u64('process_started_ns'),
    threadStarted: row.u64('thread_started_ns'),
    switches: row.u64('switches'),
    argument: row.u64('argument'),
    inode: row.u64('inode'),
    size: row.u32('size'),
    pid: row.u32('pid'),
    tid: row.u32('tid'),
    call: row.u32('call'),
    state: row.u32('state'),
    fileSystem: row.u32('file_system'),
    device: row.u32('device'),
    names: row.u16('names'),
    begun: row.u8('begun'),
    running: row.u8('running'),
    kind: row.u8('kind'),
    path: row.u8('path'),
    mode: row.u16('mode'),
    name: row.array('name', 1, NAME_LENGTH),
    threadName: row.array('thread_name', 1, NAME_LENGTH),
    addresses,
  }
}

/** The threads that one walk found in a call. A row is made when it is asked for: there may be many thousands. */
export class InFlightRows {
  readonly length: number
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #starts: readonly number[]
  /** Of each row, since when it is known to be in its call. */
  readonly #since: readonly number[]
  readonly #at: Offsets
  readonly #arch: Arch

  /**
   * @param bytes rows one behind the other, which stay as they are for as long as this is used
   * @param starts where those begin that are told
   * @param since for each of them, since when it is known to be in its call, on the monotonic clock
   */
  constructor(bytes: Buffer, starts: readonly number[], since: readonly number[], at: Offsets, arch: Arch) {
    this.length = starts.length
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#starts = starts
    this.#since = since
    this.#at = at
    this.#arch = arch
  }

  at(index: number, times: Times): InFlightRow | undefined {
    const start = this.#starts[index]
    const sinceNs = this.#since[index]
    if (start === undefined || sinceNs === undefined) return undefined
    const view = this.#view
    const at = this.#at
    const call = view.getUint32(start + at.call, true)
    const abi = call & COMPAT_BIT ? 'compat' : 'native'
    const id = call & ~COMPAT_BIT
    const syscall = syscallName(this.#arch, abi, id)
    const isMinimum = view.getUint8(start + at.begun) !== BEGUN.seen
    const state = threadState(view.getUint32(start + at.state, true), view.getUint8(start + at.running) !== 0)
    const argument = takesNothing(syscall) ? null : this.#argument(start)
    return {
      pid: view.getUint32(start + at.pid, true),
      process_started_ns: times.ofBoot(readU64(view, start + at.processStarted)),
      tid: view.getUint32(start + at.tid, true),
      name: readText(view, start + at.name, NAME_LENGTH),
      thread_name: readText(view, start + at.threadName, NAME_LENGTH),
      syscall,
      id,
      abi,
      started_ns: isMinimum ? null : times.ofMonotonic(sinceNs),
      duration_ns: Math.max(0, readU64(view, start + at.seen) - sinceNs),
      duration_is_minimum: isMinimum,
      thread_state: state,
      idle: isIdle({ syscall, state, argument, device: this.#device(start) }),
      argument,
    }
  }

  /** Major number of the character device that the first argument is; null: it is none. */
  #device(start: number): number | null {
    const isDevice = (this.#view.getUint16(start + this.#at.mode, true) & FILE_TYPE) === CHARACTER_DEVICE
    return isDevice ? this.#view.getUint32(start + this.#at.device, true) >>> MINOR_BITS : null
  }

  #argument(start: number): string {
    const view = this.#view
    const at = this.#at
    const low = view.getUint32(start + at.argument, true)
    const behind = start + at.rowSize
    const flags = view.getUint8(start + at.path)
    switch (view.getUint8(start + at.kind)) {
      case KIND.socket:
        return socketText(view, behind, at.addresses)
      case KIND.file:
        return fileText({
          inode: readU64(view, start + at.inode),
          fileSystem: view.getUint32(start + at.fileSystem, true),
          names: this.#bytes.subarray(behind, behind + view.getUint16(start + at.names, true)),
          isCut: (flags & PATH_CUT) !== 0,
          isDeleted: (flags & PATH_DELETED) !== 0,
        })
      case KIND.closed:
        return descriptorText(low)
      default:
        return numberText(low, view.getUint32(start + at.argument + 4, true))
    }
  }
}
