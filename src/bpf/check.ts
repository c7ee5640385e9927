import { basename } from 'node:path'
import { errnoName } from '../syscall/errno.ts'
import { BpfError } from './error.ts'
import { verifierReason } from './verifier.ts'

export const ASK_DOCTOR = 'see what this kernel offers: ebpf-top --doctor'

export function check(status: number, what: string): void {
  if (status < 0) throw new BpfError(`${what}: ${errnoName(Math.abs(status))}`, ASK_DOCTOR)
}

/** The line of libbpf's log that says most, in brackets. */
export function because(log: string[]): string {
  const telling = log.find(line => /failed|invalid|error|unknown|not found|elf/i.test(line)) ?? log.at(-1)
  return telling === undefined ? '' : ` (${telling.split('\n')[0]?.trim()})`
}

/** Why an object was not loaded, as far as what libbpf said tells it. */
export function loadError(path: string, status: number, log: string[]): BpfError {
  const errno = errnoName(Math.abs(status))
  const reason = verifierReason(log)
  if (reason !== null) {
    return new BpfError(`this kernel's verifier refuses ${basename(path)}: ${reason}`, ASK_DOCTOR, log)
  }
  if (errno === 'EPERM' || errno === 'EACCES') {
    return new BpfError(`loading ${basename(path)} is not permitted (${errno})`, 'run it as root: sudo ebpf-top')
  }
  return new BpfError(`cannot load ${path}: ${errno}${because(log)}`, ASK_DOCTOR)
}
