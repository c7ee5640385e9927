import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { sum, Top } from '../support/top.ts'
import { rowsOf } from '../support/tracer-rows.ts'

let running: Top | null = null

afterEach(async () => {
  await running?.stop().catch(() => {})
  running = null
})

/** Runs a command to its end and says, before it is gone, who it was and what the kernel had counted for it. */
const TO_THE_END = `
  my $pid = fork // die;
  if (!$pid) { open STDOUT, '>', '/dev/null'; exec @ARGV or die }
  my @stat;
  do {
    select(undef, undef, undef, 0.01);
    open my $file, '<', "/proc/$pid/stat" or die;
    @stat = split / /, <$file> =~ s/^.*\\) //r;
  } until $stat[0] eq 'Z';
  print "$pid $stat[7] $stat[9]\\n";
  waitpid $pid, 0;
`

/** What the kernel counted for a command from its start, before it executed anything, to its end. */
async function countedFor(...command: readonly string[]) {
  const child = spawn('perl', ['-e', TO_THE_END, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  const told: Buffer[] = []
  child.stdout.on('data', data => told.push(data))
  await once(child, 'close')
  const [pid, minor, major] = Buffer.concat(told).toString().trim().split(' ').map(Number)
  return { pid, minor, major }
}

/** Of threads that end, and of one that goes on. */
const THREADS = `
import threading
def touch(): bytearray(4096 * 3000)
for i in range(8):
    thread = threading.Thread(target=touch)
    thread.start()
    if i % 2: thread.join()
touch()
`

test('faults: those of each process, minor and major, are what the kernel counts from its start to its end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-faults-'))
  const copy = join(folder, 'program')
  cpSync(process.execPath, copy)
  running = await Top.start('-d', '0.3', '--tracer', 'faults')
  const counted = [
    await countedFor('true'),
    await countedFor('perl', '-e', '$_ = "x" x (4096 * 5000); for (1..3e6) {}'),
    await countedFor('perl', '-e', 'for (1..20) { fork // die or exit; wait }'),
    await countedFor('python3', '-c', THREADS),
  ]
  // its pages are no longer in memory
  const evict = spawn('dd', [`of=${copy}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' })
  await once(evict, 'close')
  const fromDisk = await countedFor(copy, '--version')
  counted.push(fromDisk)
  const rows = rowsOf(await running.finish(), 'faults')
  rmSync(folder, { recursive: true })
  const told = counted.map(({ pid }) => {
    const own = rows.filter(row => row.pid === pid)
    return { pid, minor: sum(own, row => Number(row.minor)), major: sum(own, row => Number(row.major)) }
  })
  expect(told).toEqual(counted)
  expect(counted[1]?.minor).toBeGreaterThan(5000)
  expect(fromDisk.major).toBeGreaterThan(0)
})

test('faults: those of a process that was there before, and goes on', async () => {
  const child = spawn(
    'perl',
    ['-e', '$| = 1; print "\\n"; while (<STDIN>) { push @kept, "x" x (4096 * 100); print "\\n" }'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const counted = (): number[] => {
    const words = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return [Number(words[7]), Number(words[9])]
  }
  await once(child.stdout, 'data')
  running = await Top.start('-d', '0.3', '--tracer', 'faults')
  const [minor = 0, major = 0] = counted()
  for (let i = 0; i < 30; i++) {
    child.stdin.write('more\n')
    await once(child.stdout, 'data')
  }
  const [minorAfter = 0, majorAfter = 0] = counted()
  const rows = rowsOf(await running.finish(), 'faults').filter(({ pid }) => pid === child.pid)
  child.kill()
  expect(rows[0]).toMatchObject({ name: 'perl', command: expect.stringMatching(/^perl -e/) })
  expect(sum(rows, row => Number(row.minor))).toBe(minorAfter - minor)
  expect(sum(rows, row => Number(row.major))).toBe(majorAfter - major)
  expect(minorAfter - minor).toBeGreaterThan(3000)
})
