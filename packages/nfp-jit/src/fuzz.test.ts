/**
 * Random programs, of two kinds: plausible ones through verifier, driver and translator; and instructions at random with
 * random findings, far from anything a verifier would accept, for the translator alone. The answer is an image whose
 * words all decode, or a refusal; nothing throws. Seeds are printed; `FUZZ_PROGRAMS` sets how many (a sixth of them
 * plausible), `FUZZ_FROM` the first seed.
 */
import { describe, expect, it } from 'vitest'
import { classOf, eccMatches, wordAt } from '@offload/nfp'
import type { Words } from '@offload/nfp'
import { FIRMWARE_PROFILES } from './profiles'
import { SUPPORTED_CODES } from './opcodes'
import { ProgramInfo } from './program-info'
import { relocate, relocationTarget } from './relocation'
import { translate } from './translate'
import { loadForDevice } from './device-load'
import { plausibleProgram, randomNumbers } from '../testdata/random-programs'

const CODES = [...SUPPORTED_CODES].filter((code) => code !== 0x18)
const HELPERS = [1, 2, 3, 7, 25, 44, 65, 9]
const POINTERS = [0, 2, 4, 6, 8, 8, 8]
const IMMEDIATES = [0, 1, -1, 5, 31, 32, 63, 127, 128, 255, 256, 0xffff, 0x10000, -256, 0x12345678, -(2 ** 31), 641, 28]

function randomProgram(next: (limit: number) => number): ProgramInfo {
  const length = 2 + next(40)
  const bytes = new Uint8Array(8 * length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < length; i++) {
    const code = i === length - 1 ? 0x95 : CODES[next(CODES.length)]!
    const jumps = (code & 7) === 5 || (code & 7) === 6
    const call = code === 0x85
    view.setUint8(8 * i, code)
    view.setUint8(8 * i + 1, next(10) | (next(10) << 4))
    view.setInt16(8 * i + 2, jumps ? next(length) - i - 1 : next(300) - 100, true)
    view.setInt32(8 * i + 4, call ? HELPERS[next(HELPERS.length)]! : IMMEDIATES[next(IMMEDIATES.length)]!, true)
    if (call) view.setUint8(8 * i + 1, 0)
    if (call && next(3) === 0) {
      view.setUint8(8 * i + 1, 0x10)
      view.setInt32(8 * i + 4, next(length) - i - 1, true)
    }
  }
  const program = new ProgramInfo(bytes)
  for (let i = 0; i < length; i++) {
    program.ptrType[i] = POINTERS[next(POINTERS.length)]!
    program.ptrOff[i] = -4 * next(20) + next(4)
    program.ptrId[i] = next(2)
    program.ptrNotConst[i] = next(8) === 0 ? 1 : 0
    program.addend[i] = next(4)
    program.flags[i]! |= [0, 0, 0, 4, 32, 64, 64][next(7)]!
    const [low, high] = [next(70), next(70)].sort((left, right) => left - right) as [number, number]
    for (const column of [program.uminSrc, program.uminDst]) column.set([low, 0], 2 * i)
    for (const column of [program.umaxSrc, program.umaxDst]) column.set([next(3) === 0 ? 0x20000 : high, 0], 2 * i)
    program.arg1Type[i] = POINTERS[next(POINTERS.length)]!
    program.arg2Off[i] = -4 * next(20)
  }
  program.setSubprograms(Array.from({ length }, () => 8 * next(12)))
  return program
}

function checkWords(words: Words, seed: number): void {
  for (let i = 0; i < words.length / 2; i++) {
    const word = wordAt(words, i)
    if (!classOf(word) || !eccMatches(word)) throw new Error(`seed ${seed}: word ${i} does not decode`)
  }
}

describe('random programs', { timeout: 3_600_000 }, () => {
  const count = Number(process.env['FUZZ_PROGRAMS'] ?? 600)
  const from = Number(process.env['FUZZ_FROM'] ?? 1)
  const firmware = { ...FIRMWARE_PROFILES.full, stackSize: 1 << 20 }

  it(`${Math.ceil(count / 6)} plausible ones load or are refused with a reason`, () => {
    const verdicts = { ok: 0, 'driver-reject': 0, 'kernel-reject': 0 }
    for (let seed = from; seed < from + Math.ceil(count / 6); seed++) {
      const progType = seed % 2 ? 'xdp' : 'sched_cls'
      const insns = plausibleProgram(randomNumbers(seed * 2654435761), progType)
      let result
      try {
        result = loadForDevice({ progType, insns, maps: [], relocs: [], firmware, logLevel: 0 })
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      verdicts[result.verdict]++
      if (result.verdict !== 'ok') expect(result.error, `seed ${seed}`).not.toBe('')
      if (result.relocated) checkWords(result.relocated, seed)
    }
    console.log(`plausible programs, seeds from ${from}: ${JSON.stringify(verdicts)}`)
    expect(verdicts.ok).toBeGreaterThan(count / 20)
  })

  it(`${count} senseless ones translate or fail with an errno`, () => {
    let images = 0
    for (let seed = from; seed < from + count; seed++) {
      const program = randomProgram(randomNumbers(seed * 2654435761))
      const progType = seed % 2 ? 'xdp' : 'sched_cls'
      let result
      try {
        result = translate(program, { progType, firmware, mapId: () => 1 })
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      if (!result.ok) {
        expect([14, 22, 40, 95], `seed ${seed}`).toContain(result.errno)
        continue
      }
      images++
      const placed = relocate(result.image, relocationTarget(firmware))
      if (!placed.ok) throw new Error(`seed ${seed}: ${placed.messages.join()}`)
      checkWords(placed.words, seed)
    }
    console.log(`senseless programs, seeds from ${from}: ${images} of ${count} became images`)
    expect(images).toBeGreaterThan(count / 20)
  })
})
