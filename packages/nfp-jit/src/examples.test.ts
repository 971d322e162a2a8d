/** The worked examples: 30 programs and every word the driver makes of them (nfp-jit-examples.md). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { wordsToHex } from '@offload/nfp'
import type { NfpImage } from './api'
import { FIRMWARE_PROFILES } from './profiles'
import { FLAG_CALLER_FRAME, FLAG_SKIP_KERNEL, FLAG_ZEXT, ProgramInfo } from './program-info'
import { relocate } from './relocation'
import { translate } from './translate'
import { bytesOfHex } from '../testdata/recorded-inputs'

interface Given {
  readonly zext?: readonly number[]
  readonly removed?: readonly number[]
  /** Slot to pointer type, fixed offset, id. */
  readonly ptr?: Readonly<Record<string, readonly number[]>>
  readonly notConst?: readonly number[]
  readonly callerFrame?: readonly number[]
  readonly frames?: readonly number[]
  /** Slot to umin and umax of the source, umin and umax of the destination. */
  readonly bounds?: Readonly<Record<string, readonly [number, number, number, number]>>
  readonly addend?: Readonly<Record<string, number>>
  readonly key?: Readonly<Record<string, number>>
  readonly keyVaries?: readonly number[]
  readonly eventType?: Readonly<Record<string, number>>
  readonly adjustHead?: number
  readonly offMin?: number
  readonly offMax?: number
}

interface Example {
  readonly name: string
  readonly title: string
  readonly progType: 'xdp' | 'sched_cls'
  readonly insns: readonly string[]
  readonly given?: Given
  /** The whole image, or up to the last word made from BPF. */
  readonly words: readonly string[]
  /** After relocation with start 0x1000 and next-packet address 0x80. */
  readonly relocated?: readonly string[]
  readonly length: number
  readonly targets: NfpImage['targets']
}

function programOf(example: Example): ProgramInfo {
  const given = example.given ?? {}
  const program = new ProgramInfo(bytesOfHex(example.insns.join('')))
  const flag = (slots: readonly number[] | undefined, bit: number): void => {
    for (const slot of slots ?? []) program.flags[slot]! |= bit
  }
  program.setSubprograms(given.frames ?? [0])
  flag(given.zext, FLAG_ZEXT)
  flag(given.removed, FLAG_SKIP_KERNEL)
  flag(given.callerFrame, FLAG_CALLER_FRAME)
  // Registers that no bound is given for count as known to be 0.
  for (const column of [program.uminSrc, program.umaxSrc, program.uminDst, program.umaxDst]) column.fill(0)
  for (const [slot, bounds] of entries(given.bounds)) {
    const columns = [program.uminSrc, program.umaxSrc, program.uminDst, program.umaxDst]
    columns.forEach((column, i) => {
      column[2 * slot] = bounds[i]!
    })
  }
  for (const [slot, [type = 0, off = 0, id = 0]] of entries(given.ptr)) {
    program.ptrType[slot] = type
    program.ptrOff[slot] = off
    program.ptrId[slot] = id
  }
  for (const slot of given.notConst ?? []) program.ptrNotConst[slot] = 1
  for (const [slot, addend] of entries(given.addend)) program.addend[slot] = addend
  for (const [slot, key] of entries(given.key)) program.arg2Off[slot] = key
  for (const slot of given.keyVaries ?? []) program.arg2Varies[slot] = 1
  for (const [slot, type] of entries(given.eventType)) program.arg1Type[slot] = type
  program.adjustHeadLocation = given.adjustHead ?? -1
  return program
}

const entries = <T>(record: Readonly<Record<string, T>> | undefined): [number, T][] =>
  Object.entries(record ?? {}).map(([slot, value]) => [Number(slot), value])

const file = new URL('../testdata/examples.jsonl', import.meta.url)
const examples = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Example)

describe('worked examples', () => {
  it('are all there', () => {
    expect(examples.map(({ name }) => name)).toEqual(Array.from({ length: 30 }, (_, i) => `E${i + 1}`))
  })

  it.each(examples)('$name $title', (example) => {
    const { offMin, offMax } = example.given ?? {}
    const { full } = FIRMWARE_PROFILES
    const adjustHead = { ...full.adjustHead, offMin: offMin ?? 0, offMax: offMax ?? 0 }
    const result = translate(programOf(example), {
      progType: example.progType,
      firmware: { ...full, adjustHead },
      mapId: () => 3,
    })
    if (!result.ok) throw new Error(result.messages.join('\n'))
    const words = wordsToHex(result.image.words)
    expect(words.slice(0, example.words.length)).toEqual(example.words)
    expect(words).toHaveLength(example.length)
    expect(result.image.targets).toEqual(example.targets)
    if (example.relocated) {
      const placed = relocate(result.image, { startOff: 0x1000, tgtDone: 0x80, helpers: full.helpers })
      expect(placed.ok && wordsToHex(placed.words).slice(0, example.relocated.length)).toEqual(example.relocated)
    }
  })
})
