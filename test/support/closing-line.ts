import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line, `N passed, N failed`, for whoever counts. Files that could not run are failures. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap(module => [...module.children.allTests()])
    const count = (state: string) => tests.filter(test => test.result().state === state).length
    const broken = modules.filter(module => module.errors().length > 0).length + unhandledErrors.length
    const skipped = count('skipped')
    const parts = [`${count('passed')} passed`, `${count('failed') + broken} failed`]
    if (skipped > 0) parts.push(`${skipped} skipped`)
    // after what the other reporters print
    process.once('exit', () => console.log(parts.join(', ')))
  }
}
