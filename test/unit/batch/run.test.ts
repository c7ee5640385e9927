import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { BatchSettings } from '../../../src/batch/format.ts'
import { runBatch } from '../../../src/batch/run.ts'
import { UserError } from '../../../src/errors.ts'
import type { Sampler, Sink } from '../../../src/session.ts'
import { hostOf, sampleOf } from '../../support/samples.ts'

const settings: BatchSettings = {
  output: 'json',
  view: 'overview',
  sort: null,
  filter: '',
  terminal: false,
  ascii: false,
}

/** Gives samples as fast as they are taken. */
class FakeSampler implements Sampler {
  readonly host = hostOf()
  readonly #wanted: number
  readonly #failure: Error | undefined
  readonly #woken = Promise.withResolvers<void>()
  /** Its next interval ends only when it is told to finish. */
  isLong = false
  taken = 0
  finishing = false
  stopped = false
  closed = false

  constructor(wanted: number, failure?: Error) {
    this.#wanted = wanted
    this.#failure = failure
  }

  async run(sink: Sink): Promise<void> {
    while (this.taken < this.#wanted && !this.stopped && !this.finishing) {
      if (this.isLong) await this.#woken.promise
      if (this.stopped) return
      this.taken++
      await sink.take(sampleOf({ interval_seconds: this.taken }))
      await new Promise(resolve => setImmediate(resolve))
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  finish(): void {
    this.finishing = true
    this.#woken.resolve()
  }

  stop(): void {
    this.stopped = true
    this.#woken.resolve()
  }

  close(): void {
    this.closed = true
  }

  describe(): void {}
  setFilter(): void {}
  setInterval(): void {}
  show(): void {}
  measureCost(): void {}
}

/** Keeps what is written to it. */
class Kept extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

describe('runBatch', () => {
  it('prints as many samples as there are, and closes', async () => {
    const [sampler, stdout, stderr] = [new FakeSampler(3), new Kept(), new Kept()]
    await runBatch(async () => sampler, settings, stdout, stderr)
    expect(
      stdout.text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).interval_seconds),
    ).toEqual([1, 2, 3])
    expect(stderr.text).toBe('')
    expect(sampler.closed).toBe(true)
  })

  it('prints the csv heading once', async () => {
    const stdout = new Kept()
    await runBatch(async () => new FakeSampler(3), { ...settings, output: 'csv' }, stdout, new Kept())
    expect(stdout.text.split('\n').filter(line => line.startsWith('time,'))).toHaveLength(1)
    expect(stdout.text.trimEnd().split('\n')).toHaveLength(4)
  })

  it('waits for a slow reader and leaves no sample out', async () => {
    const [sampler, stdout] = [new FakeSampler(50), new PassThrough({ highWaterMark: 16 })]
    const running = runBatch(async () => sampler, settings, stdout, new Kept())
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(sampler.taken).toBe(1)
    let text = ''
    stdout.on('data', chunk => {
      text += chunk
    })
    await running
    expect(text.trimEnd().split('\n')).toHaveLength(50)
  })

  it('ends in silence when the reader goes away', async () => {
    const [sampler, stdout] = [new FakeSampler(1e9), brokenBy('EPIPE')]
    await runBatch(async () => sampler, settings, stdout, new Kept())
    expect(sampler.closed).toBe(true)
  })

  it('says so when stdout cannot be written to', async () => {
    const running = runBatch(async () => new FakeSampler(1e9), settings, brokenBy('ENOSPC'), new Kept())
    await expect(running).rejects.toThrow(UserError)
  })

  it('ends after a signal, with whole lines', async () => {
    const [sampler, stdout] = [new FakeSampler(1e9), new Kept()]
    const running = runBatch(async () => sampler, settings, stdout, new Kept())
    await new Promise(resolve => setTimeout(resolve, 20))
    process.emit('SIGTERM')
    await running
    expect(sampler.closed).toBe(true)
    for (const line of stdout.text.trimEnd().split('\n')) JSON.parse(line)
    expect(process.listenerCount('SIGTERM')).toBe(0)
  })

  it.each([
    ['SIGINT', 'json'],
    ['SIGTERM', 'json'],
    ['SIGTERM', 'text'],
    ['SIGINT', 'csv'],
  ] as const)('prints the interval that %s ends, as %s', async (signal, output) => {
    const [sampler, stdout] = [new FakeSampler(1e9), new Kept()]
    sampler.isLong = true
    const running = runBatch(async () => sampler, { ...settings, output }, stdout, new Kept())
    await new Promise(resolve => setTimeout(resolve, 20))
    process.emit(signal)
    await running
    expect(sampler.taken).toBe(1)
    expect(stdout.text).toMatch(output === 'json' ? /"interval_seconds":1[,}]/ : /2026-01-01/)
  })

  it('ends after a signal while the sampler is being opened', async () => {
    const stdout = new Kept()
    const running = runBatch(() => new Promise(() => {}), settings, stdout, new Kept())
    process.emit('SIGTERM')
    await running
    expect(stdout.text).toBe('')
  })

  it('ends after a signal where the last sample never comes', async () => {
    const sampler = new FakeSampler(1e9)
    sampler.run = () => new Promise(() => {})
    const running = runBatch(async () => sampler, settings, new Kept(), new Kept())
    await new Promise(resolve => setTimeout(resolve, 20))
    process.emit('SIGINT')
    await running
  })

  it('ends after a signal even where the reader has stopped reading', async () => {
    const [sampler, stdout] = [new FakeSampler(1e9), new PassThrough({ highWaterMark: 16 })]
    const running = runBatch(async () => sampler, settings, stdout, new Kept())
    await new Promise(resolve => setTimeout(resolve, 20))
    process.emit('SIGTERM')
    await expect(running).rejects.toThrow('its last line may be incomplete')
    expect(sampler.closed).toBe(true)
  })

  it('waits a moment for the reader after a signal, so that the last line is whole', async () => {
    const [sampler, stdout] = [new FakeSampler(1e9), new PassThrough({ highWaterMark: 16 })]
    const running = runBatch(async () => sampler, settings, stdout, new Kept())
    await new Promise(resolve => setTimeout(resolve, 20))
    process.emit('SIGTERM')
    let text = ''
    setTimeout(() => stdout.on('data', chunk => (text += chunk)), 300)
    await running
    for (const line of text.trimEnd().split('\n')) JSON.parse(line)
  })

  it('fails with what the sampler fails with, closed', async () => {
    const sampler = new FakeSampler(2, new Error('map gone'))
    await expect(runBatch(async () => sampler, settings, new Kept(), new Kept())).rejects.toThrow('map gone')
    expect(sampler.closed).toBe(true)
  })

  it('prints nothing where the sampler cannot be opened', async () => {
    const stdout = new Kept()
    const open = () => Promise.reject(new UserError('unable', 'no permission', 'run it as root'))
    await expect(runBatch(open, { ...settings, output: 'csv' }, stdout, new Kept())).rejects.toThrow('no permission')
    expect(stdout.text).toBe('')
  })
})

function brokenBy(code: string): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(code), { code }))
    },
  })
}
