/**
 * Room in the pipe behind stdout. A pipe holds 64 KiB, less than two samples of a busy machine: a reader that takes its time would
 * hold up the samples, and one that reads when the program has ended, as many a script does, would wait for ever.
 */

import koffi from 'koffi'

const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int command, ...)')

/** Of <linux/fcntl.h>; what is no pipe refuses it. */
const F_SETPIPE_SZ = 1031
const F_GETPIPE_SZ = 1032

/** What everybody may ask for, as long as nobody changed fs.pipe-max-size. The kernel takes memory for what is in it alone. */
const BYTES = 1 << 20

/** Makes a pipe hold a mebibyte; what is no pipe, or may not, stays as it is. */
export function widenPipe(fd: number): void {
  if (fcntl(fd, F_GETPIPE_SZ) < BYTES) fcntl(fd, F_SETPIPE_SZ, 'int', BYTES)
}
