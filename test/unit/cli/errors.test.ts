import { describe, expect, it } from 'vitest'
import { BpfError } from '../../../src/bpf/error.ts'
import { asUserError, errorText, UserError } from '../../../src/errors.ts'

describe('errorText', () => {
  it('is two lines: what, and what to do', () => {
    expect(errorText(new UserError('usage', 'unknown flag --x', 'see ebpf-top --help'))).toBe(
      'ebpf-top: unknown flag --x\n  see ebpf-top --help\n',
    )
  })

  it('stays two lines and harmless, whatever was typed', () => {
    const text = errorText(new UserError('usage', 'nothing to do with "\u001b[2Ja\u009b\nb"', 'one\r\ntwo'))
    expect(text.split('\n')).toHaveLength(3)
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u)
  })

  it('calls what nobody foresaw a bug, without a stack', () => {
    const text = errorText(new TypeError('x is not a function\nat somewhere'))
    expect(text).toMatch(/^ebpf-top: x is not a function\n {2}this is a bug.*EBPF_TOP_DEBUG=1.*\n$/)
  })

  it.each([['thrown text'], [undefined], [null], [42], [new Error('')]])('takes any thrown value: %s', value => {
    expect(errorText(value).trimEnd().split('\n')).toHaveLength(2)
  })

  it('shows the stacks when asked to', () => {
    const cause = new Error('the cause')
    const text = errorText(new UserError('failed', 'what', 'remedy', { cause }), true)
    expect(text).toContain('errors.test.ts')
    expect(text).toContain('the cause')
  })
})

describe('asUserError', () => {
  it.each([
    [new UserError('failed', 'a', 'b'), 1],
    [new UserError('usage', 'a', 'b'), 2],
    [new UserError('unable', 'a', 'b'), 3],
    [new BpfError('loading syscalls: operation not permitted', 'run it as root'), 3],
    [new Error('boom'), 1],
    ['boom', 1],
  ])('%s ends with status %i', (error, status) => expect(asUserError(error).status).toBe(status))

  it('keeps what the kernel side says', () => {
    expect(errorText(new BpfError('no libbpf', 'install libbpf1'))).toBe('ebpf-top: no libbpf\n  install libbpf1\n')
  })
})
