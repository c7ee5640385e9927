import { defineConfig } from 'vitest/config'

/** Tests that need root and BPF fail where they may not have them; only this leaves them out. */
const skipKernel = process.env.EBPF_TOP_SKIP_KERNEL_TESTS === '1'
if (skipKernel) console.error('EBPF_TOP_SKIP_KERNEL_TESTS=1: the tests on the kernel and of the screen are NOT run')

/** One after the other: they measure the whole machine, and the screens take processor time. */
const onTheMachine = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 }

// Projects run in the order of their groupOrder: what is quick comes first. Not 0, which means no order of its own.
export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.{ts,tsx}'],
          // a machine that does much else takes long for what takes a second
          testTimeout: onTheMachine.testTimeout,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...onTheMachine,
          name: 'otel',
          include: ['test/otel/*.test.ts'],
          // they wait for collectors of their own most of the time
          fileParallelism: true,
          maxWorkers: 4,
          sequence: { groupOrder: 4 },
        },
      },
      // what makes packages and clean systems first: npm run test:packages
      ...(process.env.EBPF_TOP_PACKAGES === '1'
        ? [
            {
              test: {
                ...onTheMachine,
                testTimeout: 600_000,
                name: 'packages',
                include: ['test/packages/**/*.test.ts'],
                sequence: { groupOrder: 5 },
              },
            },
          ]
        : []),
      ...(skipKernel
        ? []
        : [
            {
              test: {
                ...onTheMachine,
                name: 'kernel',
                include: ['test/kernel/**/*.test.ts', 'test/otel/kernel/**/*.test.ts'],
                sequence: { groupOrder: 2 },
              },
            },
            {
              test: {
                ...onTheMachine,
                name: 'screen',
                include: ['test/screen/**/*.test.{ts,tsx}'],
                sequence: { groupOrder: 3 },
              },
            },
          ]),
    ],
  },
})
