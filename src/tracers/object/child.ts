/**
 * The process that loads an object of the user's own. What it is given is hostile: at worst this process ends. It hands the
 * open files of what it loaded to the process that started it, and ends; they keep all of it in the kernel.
 */

import { readFileSync } from 'node:fs'
import { SOCKET } from '../../asking/loader.ts'
import { sendFiles } from '../../asking/pass-files.ts'
import { BpfError } from '../../bpf/error.ts'
import { exitNow, liftMemoryLimit } from '../../bpf/kernel.ts'
import { loadLibbpf } from '../../bpf/libbpf.ts'
import { SharedMaps } from '../../bpf/maps/shared-maps.ts'
import { BpfObject } from '../../bpf/object.ts'
import { Tracefs } from '../../bpf/tracepoint.ts'
import type { Answer } from './loading.ts'

const STDIN = 0

/** Lines of the verifier's log, from the end, and characters of each that are told. */
const MOST_LINES = 64
const LONGEST_LINE = 1 << 20

/** What is asked stands in `request`, the object on stdin; the answer is JSON on stdout. Ends the process. */
export async function loadForParent(request: string): Promise<never> {
  const answer = JSON.stringify(answerTo(request))
  await new Promise(resolve => process.stdout.write(answer, resolve))
  // not by way of libbpf: what it would take back is what was handed over
  exitNow(0)
}

function answerTo(request: string): Answer {
  try {
    const { path, btf }: { path: string; btf: string | null } = JSON.parse(request)
    liftMemoryLimit()
    const object = BpfObject.load(loadLibbpf(), path, new SharedMaps(), { bytes: readFileSync(STDIN), btf })
    object.attach(new Set(), tracefs())
    const { maps, programs, links } = object.handles()
    const made = maps.filter(({ fd }) => fd >= 0)
    const loaded = programs.filter(({ fd }) => fd >= 0)
    sendFiles(SOCKET, [...made.map(({ fd }) => fd), ...loaded.map(({ fd }) => fd), ...links])
    return { maps: made, sections: loaded.map(({ section }) => section), links: links.length }
  } catch (error) {
    if (!(error instanceof BpfError)) {
      return { what: error instanceof Error ? error.message : String(error), remedy: null, log: [] }
    }
    const log = error.log.slice(-MOST_LINES).map(line => line.slice(-LONGEST_LINE))
    return { what: error.what, remedy: error.remedy, log }
  }
}

/** null: libbpf looks for it itself. */
function tracefs(): Tracefs | null {
  try {
    return new Tracefs()
  } catch {
    return null
  }
}
