/**
 * V8 told to keep its heap small: loaded before all else, so that this holds for everything. By default it lets both
 * generations grow severalfold before it collects, whereas a sample's garbage is some megabytes a second
 * (docs/decisions/memory.md).
 */

import { setFlagsFromString } from 'node:v8'

/** By how many percent the heap may grow before it is collected. */
setFlagsFromString('--heap-growing-percent=40')
/** The young generation stays as it is: what a sample makes fits in. */
setFlagsFromString('--semi-space-growth-factor=1')
