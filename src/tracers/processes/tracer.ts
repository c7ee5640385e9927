import { readU64 } from '../../bpf/btf/layout.ts'
import type { BpfObject } from '../../bpf/object.ts'
import type { Group } from '../../facts/cgroup.ts'
import { HalvedRows } from '../interval-rows.ts'
import type { IntervalRows } from '../tracer.ts'
import { Commands, Groups } from './identities.ts'

/** TASK_COMM_LEN of the kernel. */
const NAME_LENGTH = 16

/** A process in one interval, as bpf/process.bpf.h writes it. Bytes are those that its calls returned. */
export interface ProcessRecord {
  readonly pid: number
  /** 0: not known. */
  readonly parent: number
  /** Since boot; with the pid it names a process for good. */
  readonly startedNs: number
  readonly name: string
  /** Its arguments, separated by spaces; null: it has none, or the kernel side does not know them. */
  readonly command: string | null
  /** null: the kernel side does not know it. */
  readonly group: Group | null
  readonly exited: boolean
  readonly tcp: Moved
  readonly udp: Moved
  /** Raw IP and the like. */
  readonly other: Moved
}

/** Bytes that calls returned as sent and received. */
export interface Moved {
  readonly sentBytes: number
  readonly receivedBytes: number
}

const NOTHING: Moved = { sentBytes: 0, receivedBytes: 0 }

/** Rows of processes, which the other tracers refer to by their index. */
export class ProcessTracer {
  readonly rows: IntervalRows
  readonly #processes: HalvedRows
  readonly #commands: Commands
  readonly #groups: Groups
  readonly #size: number
  readonly #at: Record<
    'started' | 'pid' | 'parent' | 'exited' | 'name' | 'group' | 'commandAt' | 'commandSize' | 'whole',
    number
  >
  readonly #moved: Record<'tcp' | 'udp' | 'other', { sent: number; received: number }>

  constructor(object: BpfObject) {
    const rows = object.rows('processes', 'process')
    const layout = rows.layout
    const processes = new HalvedRows(rows, object.array('process_state', 'process_state'), 'used')
    const commands = new Commands(object)
    this.#processes = processes
    this.#commands = commands
    this.#groups = new Groups(object)
    this.rows = {
      prepare: epoch => {
        processes.prepare(epoch)
        commands.prepare(epoch)
      },
      fill: epoch => Math.max(processes.fill(epoch), commands.fill(epoch)),
      usage: epoch => processes.usage(epoch),
      asRead: epoch => processes.asRead(epoch),
    }
    this.#size = layout.size
    const command = object.layout('command')
    const commandAt = layout.array('command', command.size, 1)
    this.#at = {
      started: layout.u64('started_ns'),
      pid: layout.u32('pid'),
      parent: layout.u32('parent'),
      exited: layout.u32('exited'),
      name: layout.array('name', 1, NAME_LENGTH),
      group: layout.u64('group'),
      commandAt: commandAt + command.u32('at'),
      commandSize: commandAt + command.u32('size'),
      whole: commandAt + command.u32('whole'),
    }
    this.#moved = {
      tcp: { sent: layout.u64('tcp_sent'), received: layout.u64('tcp_received') },
      udp: { sent: layout.u64('udp_sent'), received: layout.u64('udp_received') },
      other: { sent: layout.u64('other_sent'), received: layout.u64('other_received') },
    }
  }

  /** The processes of an interval at rest; one may have two records. */
  read(epoch: number): ProcessRecord[] {
    const { bytes: rows } = this.#processes.read(epoch)
    const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength)
    const records: ProcessRecord[] = []
    for (let at = 0; at < rows.byteLength; at += this.#size) {
      const pid = rows.getUint32(at + this.#at.pid, true)
      records.push({
        pid,
        parent: rows.getUint32(at + this.#at.parent, true),
        startedNs: readU64(rows, at + this.#at.started),
        name: nameIn(bytes, at + this.#at.name),
        command: this.#commands.read(
          epoch,
          pid,
          rows.getUint32(at + this.#at.commandAt, true),
          rows.getUint32(at + this.#at.commandSize, true),
          rows.getUint32(at + this.#at.whole, true),
        ),
        group: this.#groups.get(readU64(rows, at + this.#at.group)),
        exited: rows.getUint32(at + this.#at.exited, true) !== 0,
        tcp: this.#read(rows, at, 'tcp'),
        udp: this.#read(rows, at, 'udp'),
        other: this.#read(rows, at, 'other'),
      })
    }
    return records
  }

  #read(rows: DataView, row: number, transport: 'tcp' | 'udp' | 'other'): Moved {
    const at = this.#moved[transport]
    const sentBytes = readU64(rows, row + at.sent)
    const receivedBytes = readU64(rows, row + at.received)
    return sentBytes === 0 && receivedBytes === 0 ? NOTHING : { sentBytes, receivedBytes }
  }
}

/** Text up to the first NUL. */
function nameIn(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('utf8', at, end < 0 ? at + NAME_LENGTH : Math.min(end, at + NAME_LENGTH))
}
