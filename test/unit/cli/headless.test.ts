import { afterEach, describe, expect, it } from 'vitest'
import { runHeadless } from '../../../src/cli/headless.ts'
import type { Sampler, Sink } from '../../../src/session.ts'
import { hostOf, sampleOf } from '../../support/samples.ts'

/** Takes one sample at once, and the last when it is told to finish; `stuck`: not even then. */
class FakeSampler implements Sampler {
  readonly host = hostOf()
  readonly told: string[] = []
  readonly #stuck: boolean
  readonly #running = Promise.withResolvers<void>()
  readonly running = this.#running.promise
  readonly #finished = Promise.withResolvers<void>()

  constructor(stuck: boolean) {
    this.#stuck = stuck
  }

  async run(sink: Sink): Promise<void> {
    await sink.take(sampleOf())
    this.#running.resolve()
    await this.#finished.promise
    await sink.take(sampleOf())
    this.told.push('last sample')
  }

  finish(): void {
    this.told.push('finish')
    if (!this.#stuck) this.#finished.resolve()
  }

  stop(): void {
    this.told.push('stop')
  }

  close(): void {
    this.told.push('close')
  }

  describe(): void {}
  setFilter(): void {}
  setInterval(): void {}
  show(): void {}
  measureCost(): void {}
}

/** Runs the service until a signal ends it; what it told the sampler, and itself. */
async function endedBy(signal: NodeJS.Signals, stuck = false): Promise<string[]> {
  const sampler = new FakeSampler(stuck)
  const ended = runHeadless(
    async () => sampler,
    () => sampler.told.push('signal'),
  )
  await sampler.running
  process.emit(signal)
  sampler.told.push((await ended) ? 'whole' : 'cut')
  return sampler.told
}

afterEach(() => {
  process.removeAllListeners('SIGHUP')
})

describe('the service', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends its interval with %s, and then itself', async signal => {
    expect(await endedBy(signal)).toEqual(['signal', 'finish', 'last sample', 'close', 'whole'])
    expect(process.listenerCount(signal)).toBe(0)
  })

  it('does not wait for a last sample that never comes, and closes nothing that is in use', async () => {
    expect(await endedBy('SIGTERM', true)).toEqual(['signal', 'finish', 'cut'])
  })

  it('passes on what the sampler fails with', async () => {
    const sampler = new FakeSampler(false)
    sampler.run = async () => {
      throw new Error('no map')
    }
    await expect(
      runHeadless(
        async () => sampler,
        () => {},
      ),
    ).rejects.toThrow('no map')
    expect(sampler.told).toContain('close')
  })
})
