/** Bytes of a command line that are kept: COMMAND_BYTES of bpf/identity.bpf.h. */
export const COMMAND_BYTES = 4096

/** Behind a command line that goes on. */
const CUT = '…'

/**
 * The arguments of a process, a NUL behind each, as text: separated by spaces. Empty ones at the end are left out.
 * `whole`: bytes that there are in all, of which these may be the first.
 */
export function commandText(arguments_: Buffer, whole: number): string {
  let end = Math.min(arguments_.length, COMMAND_BYTES)
  while (end > 0 && arguments_[end - 1] === 0) end--
  const text = arguments_.toString('utf8', 0, end).replaceAll('\0', ' ')
  return whole > arguments_.length || arguments_.length > COMMAND_BYTES ? text + CUT : text
}
