import { type Abi, type Arch, syscallName } from '../../syscall/names.ts'

/** The same in bpf/in_flight_row.bpf.h. */
const NUMBERS = 512

/**
 * System calls whose first argument is a file descriptor, by the names of all tables; of those that end in `at` it is the
 * directory that a path begins at.
 */
const TAKES_DESCRIPTOR: ReadonlySet<string> = new Set(
  `
  read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 close lseek _llseek ioctl
  fcntl fcntl64 flock dup dup2 dup3 fsync fdatasync sync_file_range arm_sync_file_range syncfs fallocate ftruncate ftruncate64
  fadvise64 fadvise64_64 arm_fadvise64_64 readahead getdents getdents64 fstat fstat64 fstatfs fstatfs64 fchdir fchmod fchown
  fchown32 fgetxattr fsetxattr flistxattr fremovexattr sendfile sendfile64 splice tee vmsplice copy_file_range
  connect accept accept4 bind listen shutdown getsockname getpeername getsockopt setsockopt
  send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
  epoll_wait epoll_pwait epoll_pwait2 epoll_ctl epoll_ctl_old epoll_wait_old inotify_add_watch inotify_rm_watch fanotify_mark
  signalfd signalfd4 timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64
  mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64 mq_notify mq_getsetattr
  io_uring_enter io_uring_register pidfd_send_signal pidfd_getfd process_madvise process_mrelease setns
  openat openat2 mkdirat mknodat fchownat futimesat newfstatat fstatat64 unlinkat renameat renameat2 linkat readlinkat
  fchmodat fchmodat2 faccessat faccessat2 utimensat utimensat_time64 statx execveat name_to_handle_at open_by_handle_at
  open_tree move_mount mount_setattr fsconfig fsmount fspick quotactl_fd cachestat
  getxattrat setxattrat listxattrat removexattrat open_tree_attr file_getattr file_setattr
  finit_module kexec_file_load landlock_add_rule landlock_restrict_self
  `
    .trim()
    .split(/\s+/),
)

/** Calls that take no argument: what stands in the register is left from before. */
const TAKES_NOTHING: ReadonlySet<string> = new Set(
  `
  pause fork vfork sync sched_yield getpid gettid getppid getpgrp setsid getuid geteuid getgid getegid munlockall
  rt_sigreturn sigreturn inotify_init vhangup
  `
    .trim()
    .split(/\s+/),
)

export function takesNothing(syscall: string): boolean {
  return TAKES_NOTHING.has(syscall)
}

/** For each number of the native table, then of the 32-bit one: 1 where the call takes a descriptor. */
export function descriptorTable(arch: Arch): Uint8Array {
  return tableOf(arch, TAKES_DESCRIPTOR)
}

/** For each number of the native table, then of the 32-bit one: 1 where the call is one of these. */
export function tableOf(arch: Arch, calls: ReadonlySet<string>): Uint8Array {
  const of = (abi: Abi): number[] =>
    Array.from({ length: NUMBERS }, (_, number) => (calls.has(syscallName(arch, abi, number)) ? 1 : 0))
  return Uint8Array.from([...of('native'), ...of('compat')])
}
