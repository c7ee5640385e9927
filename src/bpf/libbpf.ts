/** The C functions of libbpf and libc that are used, declared once. */

import koffi, { type KoffiFunc, type LibraryHandle } from 'koffi'
import { BpfError } from './error.ts'
import { installLibbpf } from './packages.ts'
import { LIBBPF } from './shipped.ts'

/** A C pointer; null is NULL. */
export type Pointer = bigint | null

const PRINT_WARNING = 0
const PRINT_DEBUG = 2
/** The log of the verifier comes as one message. */
const LONGEST_MESSAGE = 1 << 20

/** LIBBPF_STRICT_ALL: before 1.0, pointers that stand for errors are NULL only with it. */
const STRICT = 0xffffffff

/** The va_list that libbpf passes is a pointer on x86_64 and arm64 alike. */
const Print = koffi.proto('int libbpf_print_fn_t(int level, const char *format, void *arguments)')

export interface Libbpf {
  /** Lines that libbpf printed since the last call, oldest first. Nothing of it ever reaches the terminal. */
  takeLog(): string[]
  /** As `1.1`; null: older than 0.6. */
  readonly version: string | null
  /** Opens what a file of a BPF object holds. */
  readonly open: (bytes: Uint8Array, size: number, options: object) => Pointer
  readonly load: (object: Pointer) => number
  /** `load` on another thread. Nothing is printed meanwhile: there is no way from there into JavaScript. */
  readonly loadAside: (object: Pointer) => Promise<number>
  readonly close: (object: Pointer) => void
  readonly objectBtf: (object: Pointer) => Pointer
  readonly btfRawData: (btf: Pointer, size: Uint32Array) => Pointer
  readonly nextProgram: (object: Pointer, previous: Pointer) => Pointer
  readonly programName: (program: Pointer) => string
  readonly programFd: (program: Pointer) => number
  readonly programSection: (program: Pointer) => string
  readonly setAutoload: (program: Pointer, load: boolean) => number
  readonly attach: (program: Pointer) => Pointer
  /** The link closes the perf event with itself. */
  readonly attachPerfEvent: (program: Pointer, event: number) => Pointer
  readonly linkFd: (link: Pointer) => number
  readonly linkDestroy: (link: Pointer) => number
  readonly iteratorCreate: (linkFd: number) => number
  readonly nextMap: (object: Pointer, previous: Pointer) => Pointer
  readonly mapName: (map: Pointer) => string
  readonly mapFd: (map: Pointer) => number
  readonly mapMaxEntries: (map: Pointer) => number
  readonly mapKeySize: (map: Pointer) => number
  readonly mapValueSize: (map: Pointer) => number
  readonly mapSetMaxEntries: (map: Pointer, entries: number) => number
  readonly mapReuseFd: (map: Pointer, fd: number) => number
  /** Runs a program of type `syscall` once, on another thread; negative or -1 with errno where it fails. */
  readonly run: (programFd: number) => Promise<number>
  /** Measures the run time of all programs until the returned file is closed. */
  readonly enableStats: (type: number) => number
  readonly objectInfoByFd: (fd: number, info: object, size: Uint32Array) => number
  /** On one element; negative or -1 with errno where it fails. */
  readonly lookup: (fd: number, key: Uint8Array, value: Uint8Array) => number
  readonly update: (fd: number, key: Uint8Array, value: Uint8Array, flags: number) => number
  readonly remove: (fd: number, key: Uint8Array) => number
  readonly nextKey: (fd: number, previous: Uint8Array | null, next: Uint8Array) => number
  /** Many elements from a place on, of which the next place is given; the second takes them out. null: libbpf has none. */
  readonly lookupBatch: Batch | null
  readonly drainBatch: Batch | null
}

type Bytes = Uint8Array
type Batch = (fd: number, from: Bytes | null, to: Bytes, keys: Bytes, values: Bytes, count: Uint32Array) => number

/** `struct bpf_object_open_opts` of libbpf as far as 0.5 has it. */
export const OpenOptions = koffi.struct('bpf_object_open_opts', {
  sz: 'size_t',
  object_name: 'const char *',
  relaxed_maps: 'bool',
  pin_root_path: 'const char *',
  attach_prog_fd: 'uint32_t',
  kconfig: 'const char *',
  btf_custom_path: 'const char *',
})

/** Leading fields of `struct bpf_test_run_opts` of libbpf; nothing but its own size is said. */
const RunOptions = koffi.struct('bpf_test_run_opts', { sz: 'size_t' })

/** Leading fields of `struct bpf_prog_info` of <linux/bpf.h>, as far as they are used; the kernel fills as many. */
export const ProgramInfo = koffi.struct('bpf_prog_info', {
  type: 'uint32_t',
  id: 'uint32_t',
  tag: koffi.array('uint8_t', 8),
  jited_prog_len: 'uint32_t',
  xlated_prog_len: 'uint32_t',
  jited_prog_insns: 'uint64_t',
  xlated_prog_insns: 'uint64_t',
  load_time: 'uint64_t',
  created_by_uid: 'uint32_t',
  nr_map_ids: 'uint32_t',
  map_ids: 'uint64_t',
  name: koffi.array('uint8_t', 16),
  ifindex: 'uint32_t',
  gpl_compatible: 'uint32_t',
  netns_dev: 'uint64_t',
  netns_ino: 'uint64_t',
  nr_jited_ksyms: 'uint32_t',
  nr_jited_func_lens: 'uint32_t',
  jited_ksyms: 'uint64_t',
  jited_func_lens: 'uint64_t',
  btf_id: 'uint32_t',
  func_info_rec_size: 'uint32_t',
  func_info: 'uint64_t',
  nr_func_info: 'uint32_t',
  nr_line_info: 'uint32_t',
  line_info: 'uint64_t',
  jited_line_info: 'uint64_t',
  nr_jited_line_info: 'uint32_t',
  line_info_rec_size: 'uint32_t',
  jited_line_info_rec_size: 'uint32_t',
  nr_prog_tags: 'uint32_t',
  prog_tags: 'uint64_t',
  run_time_ns: 'uint64_t',
  run_cnt: 'uint64_t',
  recursion_misses: 'uint64_t',
})

/** Loads libbpf. Throws a BpfError where it is not installed. */
export function loadLibbpf(names: readonly string[] = LIBBPF): Libbpf {
  const library = openFirst(names)
  const has = (name: string): boolean => hasSymbol(library, name)
  if (has('libbpf_set_strict_mode')) library.func('int libbpf_set_strict_mode(uint32_t mode)')(STRICT)
  try {
    const { takeLog, silently } = captureLog(library)
    const load = library.func('int bpf_object__load(void *object)')
    const loadAside = (object: Pointer) => silently(() => inThread(load, object))
    const run = bindRun(library, has)
    return { takeLog, version: readVersion(library), load, loadAside, run, ...bind(library, has) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BpfError(`libbpf is too old (${why})`, installLibbpf())
  }
}

/** The functions by their names of today, else by those that older versions gave them. */
function bind(
  library: LibraryHandle,
  has: (name: string) => boolean,
): Omit<Libbpf, 'takeLog' | 'version' | 'load' | 'loadAside' | 'run'> {
  const next = has('bpf_object__next_program')
  const nextProgram = library.func(
    next ? 'void *bpf_object__next_program(const void *, void *)' : 'void *bpf_program__next(void *, const void *)',
  )
  const nextMap = library.func(
    next ? 'void *bpf_object__next_map(const void *, const void *)' : 'void *bpf_map__next(const void *, const void *)',
  )
  const rawData = has('btf__raw_data') ? 'btf__raw_data' : 'btf__get_raw_data'
  return {
    open: orNull(
      library.func('void *bpf_object__open_mem(const void *bytes, size_t size, bpf_object_open_opts *options)'),
    ),
    close: library.func('void bpf_object__close(void *object)'),
    objectBtf: library.func('void *bpf_object__btf(const void *object)'),
    btfRawData: library.func(`const void *${rawData}(const void *btf, _Out_ uint32_t *size)`),
    nextProgram: (object, previous) => (next ? nextProgram(object, previous) : nextProgram(previous, object)),
    programName: library.func('const char *bpf_program__name(const void *program)'),
    programFd: library.func('int bpf_program__fd(const void *program)'),
    programSection: library.func('const char *bpf_program__section_name(const void *program)'),
    setAutoload: library.func('int bpf_program__set_autoload(void *program, bool load)'),
    attach: orNull(library.func('void *bpf_program__attach(const void *program)')),
    attachPerfEvent: orNull(library.func('void *bpf_program__attach_perf_event(const void *program, int event)')),
    linkFd: library.func('int bpf_link__fd(const void *link)'),
    linkDestroy: library.func('int bpf_link__destroy(void *link)'),
    iteratorCreate: library.func('int bpf_iter_create(int link_fd)'),
    nextMap: (object, previous) => (next ? nextMap(object, previous) : nextMap(previous, object)),
    mapName: library.func('const char *bpf_map__name(const void *map)'),
    mapFd: library.func('int bpf_map__fd(const void *map)'),
    mapMaxEntries: library.func('uint32_t bpf_map__max_entries(const void *map)'),
    mapKeySize: library.func('uint32_t bpf_map__key_size(const void *map)'),
    mapValueSize: library.func('uint32_t bpf_map__value_size(const void *map)'),
    mapSetMaxEntries: library.func('int bpf_map__set_max_entries(void *map, uint32_t entries)'),
    mapReuseFd: library.func('int bpf_map__reuse_fd(void *map, int fd)'),
    enableStats: library.func('int bpf_enable_stats(int type)'),
    objectInfoByFd: library.func(
      'int bpf_obj_get_info_by_fd(int fd, _Out_ bpf_prog_info *info, _Inout_ uint32_t *size)',
    ),
    lookup: library.func('int bpf_map_lookup_elem(int fd, const void *key, void *value)'),
    update: library.func('int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)'),
    remove: library.func('int bpf_map_delete_elem(int fd, const void *key)'),
    nextKey: library.func('int bpf_map_get_next_key(int fd, const void *previous, void *next)'),
    lookupBatch: bindBatch(library, has, 'bpf_map_lookup_batch'),
    drainBatch: bindBatch(library, has, 'bpf_map_lookup_and_delete_batch'),
  }
}

function bindBatch(library: LibraryHandle, has: (name: string) => boolean, name: string): Batch | null {
  if (!has(name)) return null
  const call = library.func(
    `int ${name}(int fd, void *from, void *to, void *keys, void *values, uint32_t *count, const void *options)`,
  )
  return (fd, from, to, keys, values, count) => call(fd, from, to, keys, values, count, null)
}

/** Since 0.4; no program that is run this way loads below a kernel that has no newer one. */
function bindRun(library: LibraryHandle, has: (name: string) => boolean): Libbpf['run'] {
  if (!has('bpf_prog_test_run_opts')) return () => Promise.resolve(-1)
  const run = library.func('int bpf_prog_test_run_opts(int fd, bpf_test_run_opts *options)')
  const options = { sz: koffi.sizeof(RunOptions) }
  return fd => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    run.async(fd, options, (error: Error | null, status: number) => (error === null ? resolve(status) : reject(error)))
    return promise
  }
}

const LARGEST_ERRNO = 4095n

/** libbpf before 1.0 may return an error number as a pointer into the last page; libc's errno is set as well. */
function orNull<T extends unknown[]>(open: (...args: T) => Pointer): (...args: T) => Pointer {
  return (...args) => {
    const pointer = open(...args)
    return pointer === null || (BigInt.asIntN(64, pointer) >= -LARGEST_ERRNO && BigInt.asIntN(64, pointer) < 0n)
      ? null
      : pointer
  }
}

function hasSymbol(library: LibraryHandle, name: string): boolean {
  try {
    library.func(`void ${name}()`)
    return true
  } catch {
    return false
  }
}

function readVersion(library: LibraryHandle): string | null {
  if (!hasSymbol(library, 'libbpf_major_version')) return null
  const major: number = library.func('uint32_t libbpf_major_version()')()
  const minor: number = library.func('uint32_t libbpf_minor_version()')()
  return `${major}.${minor}`
}

function openFirst(names: readonly string[]): LibraryHandle {
  for (const name of names) {
    try {
      return koffi.load(name)
    } catch {
      // not this one
    }
  }
  throw new BpfError('libbpf is not installed', installLibbpf())
}

function inThread(load: KoffiFunc<Libbpf['load']>, object: Pointer): Promise<number> {
  return new Promise((resolve, reject) => {
    load.async(object, (error, status) => (error === null ? resolve(status) : reject(error)))
  })
}

interface Log {
  /** The lines since the last call. */
  takeLog(): string[]
  /** Nothing is printed, and nothing called, until `action` is over. */
  silently<T>(action: () => Promise<T>): Promise<T>
}

/** Sends libbpf's messages into a list instead of onto stderr. */
function captureLog(library: LibraryHandle): Log {
  const vsnprintf = koffi
    .load('libc.so.6')
    .func('int vsnprintf(_Out_ char *text, size_t size, const char *format, void *arguments)')
  const setPrint = library.func('libbpf_set_print', koffi.pointer(Print), [koffi.pointer(Print)])
  const text = Buffer.alloc(LONGEST_MESSAGE)
  let lines: string[] = []
  const print = koffi.register((level: number, format: string, args: bigint): number => {
    if (level >= PRINT_DEBUG) return 0
    const length = vsnprintf(text, text.length, format, args)
    const line = text.toString('utf8', 0, Math.min(length, LONGEST_MESSAGE - 1)).trimEnd()
    lines.push(level === PRINT_WARNING ? line.replace(/^libbpf: /, '') : line)
    return length
  }, koffi.pointer(Print))
  setPrint(print)
  return {
    takeLog() {
      const taken = lines
      lines = []
      return taken
    },
    async silently(action) {
      setPrint(null)
      try {
        return await action()
      } finally {
        setPrint(print)
      }
    },
  }
}
