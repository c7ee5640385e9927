import { errnoName } from '../syscall/errno.ts'
import { BpfError } from './error.ts'

export const ASK_DOCTOR = 'see what this kernel offers: ebpf-top --doctor'

export function check(status: number, what: string): void {
  if (status < 0) throw new BpfError(`${what}: ${errnoName(Math.abs(status))}`, ASK_DOCTOR)
}

/** The line of libbpf's log that says most, in brackets. */
export function because(log: string[]): string {
  const telling = log.find(line => /failed|invalid|error|unknown|not found|elf/i.test(line)) ?? log.at(-1)
  return telling === undefined ? '' : ` (${telling.split('\n')[0]?.trim()})`
}
