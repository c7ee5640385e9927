import './heap.ts'
import { isLoader, LOADER } from '../asking/loader.ts'
import { asUserError, explain } from '../errors.ts'
import { leave } from './leave.ts'
import { parseCommand } from './parse.ts'
import { run } from './run.ts'
import { openTty } from './streams/tty.ts'
import { system } from './system.ts'

/** Milliseconds that whoever reads stderr may take. */
const PATIENCE = 500

/**
 * The whole program: does what the words of the command line say and ends the process with the status that the
 * contract names. Whatever goes wrong stands on stderr in two lines.
 */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === LOADER && isLoader()) return (await import('../tracers/object/child.ts')).loadForParent(argv[1] ?? '')
  let status: number
  let hasThreads = false
  try {
    const command = parseCommand(argv, system)
    hasThreads = command.kind === 'run'
    status = await run(command)
  } catch (error) {
    status = asUserError(error).status
    await say(explain(error))
  }
  // Ends the process even where something still holds it, such as a pipe that nobody reads.
  if (hasThreads) await leave(status).catch(() => {})
  process.exit(status)
}

/** On stderr, as far as somebody reads it. */
async function say(text: string): Promise<void> {
  const said = new Promise(resolve => openTty(process.stderr).write(text, resolve))
  await Promise.race([said, new Promise(resolve => setTimeout(resolve, PATIENCE))])
}
