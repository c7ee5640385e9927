import { asUserError, explain } from './errors.ts'
import { parseCommand } from './parse.ts'
import { run } from './run.ts'
import { system } from './system.ts'

/**
 * The whole program: does what the words of the command line say and ends the process with the status that the
 * contract names. Whatever goes wrong stands on stderr in two lines.
 */
export async function main(argv: readonly string[]): Promise<void> {
  let status: number
  try {
    status = await run(parseCommand(argv, system))
  } catch (error) {
    status = asUserError(error).status
    await new Promise(resolve => process.stderr.write(explain(error), resolve))
  }
  // Ends the process even where something still holds it, such as a pipe that nobody reads.
  process.exit(status)
}
