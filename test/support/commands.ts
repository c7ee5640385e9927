/** Whether commands that pages show are right, without running them. */

import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { flags } from '../../src/cli/flags.ts'
import { parseCommand } from '../../src/cli/parse.ts'
import type { System } from '../../src/cli/system.ts'
import { CAPABILITIES } from '../../src/rights/capabilities.ts'
import { registry } from '../../src/tracers/registry.ts'
import { anyTracer } from './object-file.ts'
import { OBJECTS } from './top.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** Any process and any file: those of the examples are not of this machine. */
const anything: System = {
  processOf: pid => pid,
  isReadableFile: () => true,
  tracer: word => anyTracer(word, OBJECTS),
  isRoot: () => true,
  user: name => ({ name, uid: 1, gid: 1, groups: [] }),
}

/** What the launcher in a checkout does by itself. */
const OF_LAUNCHER = ['--install', '--uninstall']

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** Source of what npm scripts of the project run, by their names. */
const SCRIPTS: Readonly<Record<string, string>> = packageJson.scripts

/** Each kind of command: what is wrong with its words behind the name; null: nothing. */
const KINDS: Readonly<Record<string, (words: readonly string[]) => string | null>> = {
  'ebpf-top': ofProgram,
  npm: ofNpm,
  npx: words =>
    words[0] === 'vitest' ? ofVitest(words) : words[0] === packageJson.name ? ofProgram(words.slice(1)) : 'unknown',
  '.ci/run': () => (existsSync(path.join(ROOT, '.ci/run')) ? null : 'no such file'),
  kubectl: ([apply, flag, file = '']) =>
    apply === 'apply' && flag === '-f' && existsSync(path.join(ROOT, file)) ? null : 'unknown',
  groupadd: words => (words.length === 2 && words[0] === '--force' ? null : 'unknown'),
  setcap: ([list = '', file, ...more]) =>
    file === undefined || more.length > 0 ? 'unknown' : ofCapabilities(list.replace(/[+=][eip]+$/, '').split(',')),
  setpriv: ofSetpriv,
  // the tutorial is run by a test
  clang: words => (words[0] === '-target' ? null : 'unknown'),
}

/** What is wrong with a line for a shell; null: nothing; `unknown`: it is of no kind that this knows. */
export function wrongIn(line: string): string | null {
  const [first = ''] = line.split(' | ')
  return wrongWords(first.split(' ').filter(word => word !== ''))
}

/** It is written as a command, and not as a name, a flag or a value. */
export function isCommand(code: string): boolean {
  return /^(?:sudo|npm|npx|docker|skopeo|tar|dpkg|rpm|apt|setpriv|chrt|sha256sum|systemctl|kubectl|(?:\.\/)?ebpf-top) \S/.test(
    code,
  )
}

function wrongWords(words: readonly string[]): string | null {
  const [name = '', ...rest] = words
  if (name === 'sudo') return wrongWords(rest)
  return KINDS[name.replace(/^\.\//, '')]?.(rest) ?? (name.replace(/^\.\//, '') in KINDS ? null : 'unknown')
}

function ofProgram(words: readonly string[]): string | null {
  if (words.length === 1 && OF_LAUNCHER.includes(words[0] ?? '')) return null
  try {
    parseCommand(words, anything)
    return null
  } catch (error) {
    return String(error)
  } finally {
    // what this one named is no view of the next
    for (const { tracer, name } of registry.tables) if (tracer !== undefined) registry.remove(name)
  }
}

function ofNpm([verb = '', ...words]: readonly string[]): string | null {
  const own = verb === 'start' || verb === 'test' ? [verb, ...words] : words
  switch (verb) {
    case 'start':
    case 'test':
    case 'run':
      return ofScript(own)
    case 'install':
    case 'uninstall':
      return words.join(' ') === `-g ${packageJson.name}` ? null : 'unknown'
    default:
      return 'unknown'
  }
}

/** A script of package.json, and flags that it knows. */
function ofScript([name = '', dashes, ...words]: readonly string[]): string | null {
  if (!(name in SCRIPTS)) return `no script ${name}`
  if (dashes === undefined) return null
  if (dashes !== '--') return `${dashes} goes to npm`
  if (name === 'start') return ofProgram(words)
  const unknown = words.find(word => word.startsWith('--') && !scriptFlags(name).has(word))
  return unknown === undefined ? null : `npm run ${name} knows no ${unknown}`
}

/** Flags that the scripts in the folder of an npm script read. */
function scriptFlags(name: string): ReadonlySet<string> {
  const folder = /node (scripts\/\w+)\//.exec(SCRIPTS[name] ?? '')?.[1]
  const source = folder === undefined ? '' : globSync(`${folder}/{main,run}.ts`, { cwd: ROOT }).map(read).join('\n')
  const options = [...source.matchAll(/^ +'?([a-z-]+)'?: \{ type: '(?:string|boolean)'/gm)].map(
    match => `--${match[1]}`,
  )
  return new Set([...options, ...(source.match(/(?<=')--[a-z]+(?=')/g) ?? [])])
}

function ofVitest(words: readonly string[]): string | null {
  const [, run, flag, project, ...files] = words
  if (run !== 'run' || flag !== '--project') return 'unknown'
  if (!read('vitest.config.ts').includes(`name: '${project}'`)) return `no project ${project}`
  return files.find(file => !existsSync(path.join(ROOT, file))) ?? null
}

function ofCapabilities(names: readonly string[]): string | null {
  const unknown = names.find(name => !(name.toUpperCase() in CAPABILITIES))
  return unknown === undefined ? null : `${unknown} is no capability that it uses`
}

/** Who it runs a command as, with which capabilities, and the command. */
function ofSetpriv(words: readonly string[]): string | null {
  const start = words.findIndex(word => !word.startsWith('--'))
  const capabilities = words.slice(0, start).flatMap(word => /^--\w+-caps=(.*)$/.exec(word)?.[1]?.split(',') ?? [])
  return (
    ofCapabilities(capabilities.map(name => `cap_${name.replace(/^\+/, '')}`)) ??
    (start < 0 ? 'runs nothing' : wrongWords(words.slice(start)))
  )
}

/** Flags of the program, of the launcher, of npm scripts and of the engine: whatever a page may name by itself. */
export function knownFlags(): ReadonlySet<string> {
  const engine = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  return new Set([
    ...flags.map(({ name }) => `--${name}`),
    ...flags.flatMap(flag => ('short' in flag ? `-${flag.short}` : [])),
    ...OF_LAUNCHER,
    ...Object.keys(SCRIPTS).flatMap(name => [...scriptFlags(name)]),
    ...(engine.match(/(?<=^ +)--[a-z0-9-]+/gm) ?? []).flatMap(flag => [flag, flag.replace('--', '--no-')]),
  ])
}
