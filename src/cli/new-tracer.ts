/** A tracer to begin with: `--new-tracer NAME`. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OBJECT_FOLDER } from '../bpf/shipped.ts'
import { UserError, usageError } from '../errors.ts'

const HEADER = 'ebpf_top.bpf.h'

/** A name in C, and of a view. */
const NAME = /^[a-z][a-z0-9_]{0,31}$/

/** What stands for the name in what is shipped. */
const PLACE = 'TRACER'

/**
 * Writes its source, and beside it the header that it needs; gives what to do with them, for people.
 * @throws UserError where the name is none, or a file of it is there already
 */
export function writeNewTracer(name: string, folder = process.cwd()): string {
  if (!NAME.test(name)) {
    throw usageError(
      `--new-tracer: "${name}" is no name for a tracer`,
      'write small letters, digits and _: --new-tracer fsync',
    )
  }
  const source = `${name}.bpf.c`
  if (existsSync(join(folder, source))) {
    throw usageError(`--new-tracer: there is a file ${source} already`, 'write another name, or remove the file')
  }
  const header = readFileSync(join(OBJECT_FOLDER, HEADER), 'utf8')
  // an earlier tracer has brought it
  const isThere = existsSync(join(folder, HEADER))
  if (isThere && readFileSync(join(folder, HEADER), 'utf8') !== header) {
    throw usageError(
      `--new-tracer: there is another file ${HEADER} already`,
      'go to another folder, or remove the file',
    )
  }
  const template = readFileSync(join(OBJECT_FOLDER, 'new_tracer.c'), 'utf8')
  try {
    if (!isThere) writeNew(join(folder, HEADER), header)
    writeNew(join(folder, source), template.replaceAll(PLACE, name))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new UserError(
      'failed',
      `cannot write ${source} and ${HEADER} (${code})`,
      'go to a folder that you may write to',
    )
  }
  return `${[
    `${source} and ${HEADER} are written. Compile it, and look at it:`,
    `  clang -target bpf -mcpu=v3 -g -O2 -c ${source} -o ${name}.bpf.o`,
    `  sudo ebpf-top --tracer ./${name}.bpf.o --view ${name}`,
  ].join('\n')}\n`
}

/** Never over a file that is there, nor to where a link of somebody else leads. */
function writeNew(path: string, text: string): void {
  writeFileSync(path, text, { flag: 'wx' })
}
