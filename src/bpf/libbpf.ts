/** The C functions of libbpf and libc that are used, declared once. */

import koffi, { type LibraryHandle } from 'koffi'
import { BpfError } from './error.ts'

/** A C pointer; null is NULL. */
export type Pointer = bigint | null

/** Newest first: the name of the shared library says which binary interface it has. */
const LIBRARY_NAMES = ['libbpf.so.1', 'libbpf.so.0']

const PRINT_WARNING = 0
const PRINT_DEBUG = 2
const LONGEST_LINE = 4096

/** The va_list that libbpf passes is a pointer on x86_64 and arm64 alike. */
const Print = koffi.proto('int libbpf_print_fn_t(int level, const char *format, void *arguments)')

export interface Libbpf {
  /** Lines that libbpf printed since the last call, oldest first. Nothing of it ever reaches the terminal. */
  takeLog(): string[]
  readonly openFile: (path: string, options: null) => Pointer
  readonly load: (object: Pointer) => number
  readonly close: (object: Pointer) => void
  readonly objectBtf: (object: Pointer) => Pointer
  readonly btfRawData: (btf: Pointer, size: Uint32Array) => Pointer
  readonly nextProgram: (object: Pointer, previous: Pointer) => Pointer
  readonly programName: (program: Pointer) => string
  readonly programFd: (program: Pointer) => number
  readonly attach: (program: Pointer) => Pointer
  readonly linkFd: (link: Pointer) => number
  readonly linkDestroy: (link: Pointer) => number
  readonly iteratorCreate: (linkFd: number) => number
  readonly nextMap: (object: Pointer, previous: Pointer) => Pointer
  readonly mapName: (map: Pointer) => string
  readonly mapFd: (map: Pointer) => number
  readonly mapMaxEntries: (map: Pointer) => number
  readonly mapValueSize: (map: Pointer) => number
  readonly mapReuseFd: (map: Pointer, fd: number) => number
  readonly objectInfoByFd: (fd: number, info: object, size: Uint32Array) => number
}

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
export function loadLibbpf(names: readonly string[] = LIBRARY_NAMES): Libbpf {
  const library = openFirst(names)
  const log = captureLog(library)
  return {
    takeLog: log,
    openFile: library.func('void *bpf_object__open_file(const char *path, const void *options)'),
    load: library.func('int bpf_object__load(void *object)'),
    close: library.func('void bpf_object__close(void *object)'),
    objectBtf: library.func('void *bpf_object__btf(const void *object)'),
    btfRawData: library.func('const void *btf__raw_data(const void *btf, _Out_ uint32_t *size)'),
    nextProgram: library.func('void *bpf_object__next_program(const void *object, void *previous)'),
    programName: library.func('const char *bpf_program__name(const void *program)'),
    programFd: library.func('int bpf_program__fd(const void *program)'),
    attach: library.func('void *bpf_program__attach(const void *program)'),
    linkFd: library.func('int bpf_link__fd(const void *link)'),
    linkDestroy: library.func('int bpf_link__destroy(void *link)'),
    iteratorCreate: library.func('int bpf_iter_create(int link_fd)'),
    nextMap: library.func('void *bpf_object__next_map(const void *object, const void *previous)'),
    mapName: library.func('const char *bpf_map__name(const void *map)'),
    mapFd: library.func('int bpf_map__fd(const void *map)'),
    mapMaxEntries: library.func('uint32_t bpf_map__max_entries(const void *map)'),
    mapValueSize: library.func('uint32_t bpf_map__value_size(const void *map)'),
    mapReuseFd: library.func('int bpf_map__reuse_fd(void *map, int fd)'),
    objectInfoByFd: library.func(
      'int bpf_obj_get_info_by_fd(int fd, _Out_ bpf_prog_info *info, _Inout_ uint32_t *size)',
    ),
  }
}

function openFirst(names: readonly string[]): LibraryHandle {
  for (const name of names) {
    try {
      return koffi.load(name)
    } catch {
      // not this one
    }
  }
  throw new BpfError(
    'libbpf is not installed',
    'install it: apt-get install libbpf1 (Debian, Ubuntu), dnf install libbpf (Fedora, RHEL)',
  )
}

/** Sends libbpf's messages into a list instead of onto stderr; returns the function that empties it. */
function captureLog(library: LibraryHandle): () => string[] {
  const vsnprintf = koffi
    .load('libc.so.6')
    .func('int vsnprintf(_Out_ char *text, size_t size, const char *format, void *arguments)')
  const setPrint = library.func('libbpf_set_print', koffi.pointer(Print), [koffi.pointer(Print)])
  let lines: string[] = []
  const print = koffi.register((level: number, format: string, args: bigint): number => {
    if (level >= PRINT_DEBUG) return 0
    const text = Buffer.alloc(LONGEST_LINE)
    const length = vsnprintf(text, text.length, format, args)
    const line = text.toString('utf8', 0, Math.min(length, LONGEST_LINE - 1)).trimEnd()
    lines.push(level === PRINT_WARNING ? line.replace(/^libbpf: /, '') : line)
    return length
  }, koffi.pointer(Print))
  setPrint(print)
  return () => {
    const taken = lines
    lines = []
    return taken
  }
}
