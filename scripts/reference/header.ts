/** What the lines above the tables say: on the screen (src/ui/lines/header.ts) and in text output (src/batch/text.ts). */

import { FIGURES } from '../../src/ui/trend/figures.ts'

export interface HeaderField {
  /** As it stands there; a capital word or `…` is a value. */
  readonly shown: string
  readonly meaning: string
}

export const screenHeader: readonly HeaderField[] = [
  { shown: 'ebpf-top VERSION', meaning: 'Version of the program.' },
  { shown: 'HOST', meaning: 'Name of this machine.' },
  { shown: 'Linux RELEASE', meaning: 'Release of the kernel.' },
  { shown: 'N CPUs', meaning: 'CPUs that are online.' },
  { shown: 'every Ns', meaning: 'Interval between samples in seconds (`-d`, keys `+` `-` `d`).' },
  { shown: 'own CPU N%', meaning: 'CPU time of the program, as a percentage of one CPU.' },
  {
    shown: 'in the kernel N%',
    meaning:
      'CPU time of its BPF programs, as a percentage of one CPU. Only while that is measured (`--cost`, key `c`).',
  },
  { shown: 'memory N', meaning: 'Resident memory of the program in bytes; K, M, G are units of 1024.' },
  {
    shown: 'PAUSED TIME, N samples',
    meaning: 'How old the sample on the screen is, and how many came since (key `Space`).',
  },
  ...FIGURES.map(({ title, meaning }) => ({
    shown: `${title} N`,
    meaning: `${title.endsWith('/s') ? 'Per second: ' : 'Of the interval: '}${meaning}. In the overview with a graph of the last samples, or with ↑ or ↓.`,
  })),
  {
    shown: 'lost N KIND',
    meaning: 'Events of this interval that are in no row, by kind; `0 now, N before` where some were lost earlier.',
  },
  { shown: 'late by TIME', meaning: 'How late the last samples came. `R Realtime` is the key against it.' },
  { shown: 'realtime', meaning: 'The screen runs before all ordinary processes (`--realtime`, key `R`).' },
  { shown: 'compatible mode', meaning: 'System calls or connections are measured as in compatible mode.' },
  {
    shown: 'not measured: KIND',
    meaning: 'Kinds of numbers that this machine cannot show, or that could not be read.',
  },
  { shown: 'NOTE', meaning: 'What cannot be seen at present: `notes` of the sample.' },
  { shown: 'filter TEXT', meaning: 'Filters in use: pids (`-p`), group (`b`) and text (`-F`, key `/`); else `none`.' },
  {
    shown: 'otlp STATE TARGET REASON',
    meaning: 'State of the export, where it goes, and why it fails (`--export otlp`).',
  },
]

export const textHeader: readonly HeaderField[] = [
  { shown: 'TIME', meaning: 'End of the interval, ISO 8601 in UTC.' },
  { shown: 'interval Ns', meaning: 'Length of the interval in seconds.' },
  { shown: 'pids LIST', meaning: 'Process ids that are watched; else `all`.' },
  { shown: 'lost N KIND', meaning: 'Events of this interval that are in no row, by kind; else `none`.' },
]
