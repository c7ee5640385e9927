/** What the bytes of terminals are: a key, a paste, or nothing. */

import { describe, expect, it } from 'vitest'
import { type Input, InputDecoder } from '../../../src/ui/terminal/input.ts'

const ESC = '\x1b'

function told(inputs: readonly Input[]): string[] {
  return inputs.map(input => (input.type === 'key' ? input.key : `paste ${input.text}`))
}

/** All of it at once; what is still under way then does not go on. */
function read(bytes: string | Uint8Array): string[] {
  const decoder = new InputDecoder()
  return told([...decoder.push(Buffer.from(bytes)), ...decoder.flush()])
}

/** The same one byte at a time. */
function readInPieces(bytes: string | Uint8Array): string[] {
  const decoder = new InputDecoder()
  const inputs = Array.from(Buffer.from(bytes)).flatMap(byte => decoder.push(Buffer.of(byte)))
  return told([...inputs, ...decoder.flush()])
}

const KEYS: readonly (readonly [bytes: string, ...keys: string[]])[] = [
  ['jj/x', 'j', 'j', '/', 'x'],
  ['é漢👍\ufffd', 'é', '漢', '👍', '\ufffd'],
  ['\r\n\t\x7f\b\x01\x1a', 'enter', 'enter', 'tab', 'backspace', 'backspace', 'ctrl-a', 'ctrl-z'],
  ['\x00\x1c\x1f'],
  [ESC, 'escape'],
  [`${ESC}${ESC}`, 'escape', 'escape'],
  // xterm, in both modes of the cursor keys
  [`${ESC}[A${ESC}[B${ESC}[C${ESC}[D${ESC}[H${ESC}[F`, 'up', 'down', 'right', 'left', 'home', 'end'],
  [`${ESC}OA${ESC}OB${ESC}OC${ESC}OD${ESC}OH${ESC}OF`, 'up', 'down', 'right', 'left', 'home', 'end'],
  [`${ESC}[1~${ESC}[3~${ESC}[4~${ESC}[5~${ESC}[6~`, 'home', 'delete', 'end', 'pageup', 'pagedown'],
  [`${ESC}[7~${ESC}[8~${ESC}[Z`, 'home', 'end', 'shift-tab'],
  [`${ESC}[1;5C${ESC}[1;3D${ESC}[3;5~${ESC}[1;2A`, 'ctrl-right', 'alt-left', 'ctrl-delete', 'up'],
  // rxvt
  [`${ESC}Oc${ESC}[3^${ESC}[3$${ESC}[a`, 'ctrl-right', 'ctrl-delete'],
  // the keypad in application mode
  [`${ESC}Op${ESC}Oy${ESC}Ok${ESC}OM`, '0', '9', '+', 'enter'],
  // function keys of xterm, of rxvt and of the Linux console
  [`${ESC}OP${ESC}[15~${ESC}[24~${ESC}[1;5P${ESC}[[A${ESC}[[E${ESC}[25~`],
  // Alt
  [`${ESC}q`, 'alt-q'],
  [`${ESC}é${ESC}\x7f${ESC}\r`, 'alt-é', 'alt-backspace', 'alt-enter'],
  [`${ESC}${ESC}[A${ESC}${ESC}OB`, 'alt-up', 'alt-down'],
  [`${ESC}${ESC}q`, 'escape', 'alt-q'],
  // kitty's protocol, and xterm's modifyOtherKeys
  [`${ESC}[97u${ESC}[97;2u${ESC}[97:65;2u${ESC}[228;;228u`, 'a', 'A', 'A', 'ä'],
  [`${ESC}[99;5u${ESC}[27;5;99~${ESC}[113;3u`, 'ctrl-c', 'ctrl-c', 'alt-q'],
  [`${ESC}[27u${ESC}[13u${ESC}[9u${ESC}[9;2u${ESC}[127u`, 'escape', 'enter', 'tab', 'shift-tab', 'backspace'],
  [`${ESC}[57400u${ESC}[57414u${ESC}[57419u${ESC}[1;1:2B`, '1', 'enter', 'up', 'down'],
  // keyboards of other alphabets
  [`${ESC}[1089::99;5u${ESC}[1081::113;3u${ESC}[1081::113u`, 'ctrl-c', 'alt-q', 'й'],
  [`${ESC}[113;1:3u${ESC}[1;1:3A${ESC}[3;1:3~${ESC}[113;9u${ESC}[57441;2u${ESC}[57364u`],
]

const REPLIES: readonly (readonly [name: string, bytes: string | Uint8Array])[] = [
  ['OSC 11, BEL', `${ESC}]11;rgb:ffff/ffff/ffff\x07`],
  ['OSC 11, ST', `${ESC}]11;rgb:ffff/ffff/ffff${ESC}\\`],
  ['OSC 52 with line feeds', `${ESC}]52;c;cXFx\r\ncXE=${ESC}\\`],
  ['a title in UTF-8', `${ESC}]lשל לום q${ESC}\\`],
  ['DCS: XTVERSION', `${ESC}P>|XTerm(390)${ESC}\\`],
  ['DCS: DECRQSS', `${ESC}P1$r0m${ESC}\\`],
  ['APC: graphics', `${ESC}_Gi=1;OK${ESC}\\`],
  ['PM and SOS', `${ESC}^q${ESC}\\${ESC}Xq${ESC}\\`],
  ['8-bit ends', Buffer.from('\x9d11;qqq\x9c\x90>|q\x9c\x1b_q\x9c\x1b]11;q\x9c', 'latin1')],
  ['a title with the byte of an 8-bit end in a character', `${ESC}]lל q漜q👜q${ESC}\\`],
  ['8-bit OSC and CSI', Buffer.from('\x9d11;qqq\x07\x9b?62;1c\x9bI', 'latin1')],
  ['DA1, DA2, DA3', `${ESC}[?62;1;4c${ESC}[>41;390;0c${ESC}P!|00000000${ESC}\\`],
  ['place of the cursor', `${ESC}[12;40R${ESC}[?12;40;1R`],
  ['reports of modes', `${ESC}[?2026;2$y${ESC}[4;1$y${ESC}[?997;1n${ESC}[0n`],
  ['sizes', `${ESC}[8;24;80t${ESC}[48;24;80;480;800t`],
  ['kitty flags', `${ESC}[?1u`],
  ['focus', `${ESC}[I${ESC}[O`],
  ['SGR mouse', `${ESC}[<0;33;12M${ESC}[<0;33;12m`],
  ['urxvt mouse', `${ESC}[32;33;12M`],
  ['X10 mouse', `${ESC}[M !!${ESC}[M q!${ESC}[M cP`],
  ['X10 mouse far away', Buffer.from(`${ESC}[M \xf0\xe0${ESC}[M \x00\x00${ESC}[M \xa1\x92`, 'latin1')],
  ['UTF-8 mouse', `${ESC}[M \u00c1\u0105${ESC}[M \u0100q`],
  ['mouse highlighting', `${ESC}[tqq${ESC}[Tqqqqqq`],
  ['unknown, and of any length', `${ESC}[${'1;'.repeat(500)}q${ESC}[5 q${ESC}[!p`],
  ['bytes that are no UTF-8', Buffer.from('\xff\xfe\xc3\xe2\x82', 'latin1')],
]

describe.each([
  ['at once', read],
  ['byte by byte', readInPieces],
])('%s', (_, readBytes) => {
  it.each(KEYS)('%j', (bytes, ...keys) => expect(readBytes(bytes)).toEqual(keys))

  it.each(REPLIES)('%s is nothing, and the key behind it is heard', (_, reply) => {
    expect(readBytes(Buffer.concat([Buffer.from(reply), Buffer.from('j')]))).toEqual(['j'])
  })

  it.each([
    ['as the terminal marks it', `${ESC}[200~a\r\nb${ESC}[31m${ESC}[201~j`, `paste a\r\nb${ESC}[31m`, 'j'],
    ['with the start of its end in it', `${ESC}[200~a${ESC}[20${ESC}[201x${ESC}[201~`, `paste a${ESC}[20${ESC}[201x`],
    ['without an end', `${ESC}[200~abc`, 'paste abc'],
    ['without an end, and Ctrl-C', `${ESC}[200~abc\x03q`, 'ctrl-c', 'q'],
  ])('a paste %s', (_, bytes, ...inputs) => expect(readBytes(bytes)).toEqual(inputs))
})

it('of a paste a bounded part is kept, and none of it is a key', () => {
  const [text = '', ...rest] = read(`${ESC}[200~${'q'.repeat(1_000_000)}${ESC}[201~j`)
  expect(text.length).toBeLessThan(70_000)
  expect(rest).toEqual(['j'])
})

it.each([
  '',
  `${ESC}`,
  `${ESC}[`,
  `${ESC}[1;`,
  `${ESC}O`,
  `${ESC}]11;`,
  `${ESC}P`,
  `${ESC}_G`,
  `${ESC}[M `,
  `${ESC}[200~`,
])('Ctrl-C is heard after %j', begun => expect(read(`${begun}\x03`).at(-1)).toBe('ctrl-c'))

it.each([`${ESC}[`, `${ESC}[1;`, `${ESC}O`, `${ESC}]11;rgb`, `${ESC}P1`, `${ESC}]0;x${ESC}`, `${ESC}[M `])(
  '%j that does not go on is nothing',
  begun => {
    const decoder = new InputDecoder()
    expect(told(decoder.push(Buffer.from(begun)))).toEqual([])
    expect(decoder.patience).toBeGreaterThanOrEqual(100)
    expect(told(decoder.flush())).toEqual([])
    expect(decoder.patience).toBeNull()
    expect(told(decoder.push(Buffer.from('q')))).toEqual(['q'])
  },
)

it('a sequence that another one interrupts is nothing', () => {
  expect(read(`${ESC}[1;${ESC}[A${ESC}]11;x${ESC}[B${ESC}[1\rq`)).toEqual(['up', 'down', 'enter', 'q'])
})
