/** Rows E of the article's checklist: the translator under the hood. Words themselves are held against the driver's in nfp-jit. */
import { DEVICES } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES, PASSES, imageBudget, loadForDevice } from '@offload/nfp-jit'
import type { PassName } from '@offload/nfp-jit'
import { formatHex } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createVm, loadProgram, runProgram } from '../index'
import { REACH, hostOf, offload, program, send, udp } from '../testing/article-host'

const firmware = FIRMWARE_PROFILES.shipping

/** Shifts the eight bytes at 42 by the byte at 50, writes the result over them. */
const shift = (op: string): string =>
  `.prog xdp p\n${REACH(51)}  r1 = *(u64 *)(r7 + 42)\n  r2 = *(u8 *)(r7 + 50)\n  ${op}\n  *(u64 *)(r7 + 42) = r1\npass:\n  r0 = 2\n  exit\n`

/** Packets with a number of 64 bits at 42 and each shift amount below `limit` at 50. */
function amounts(limit: number): Uint8Array[] {
  return Array.from({ length: limit }, (_, amount) => {
    const frame = udp()
    frame.set([0x89, 0xab, 0xcd, 0xef, 0x76, 0x54, 0x32, 0x91 + amount], 42)
    frame[50] = amount
    return frame
  })
}

/** The same packets through card and host machine: how many differ. */
function differences(text: string, frames: readonly Uint8Array[]): number {
  const host = hostOf()
  offload(host, text)
  const vm = createVm()
  const { insns } = program(text)
  const onHost = loadProgram(insns, [], [])
  const packets = send(host, frames)
  expect(packets).toHaveLength(frames.length)
  return packets.filter(
    ({ record }, i) => formatHex(record.data) !== formatHex(runProgram(vm, onHost, 'xdp', frames[i]!).data),
  ).length
}

const load = (text: string, passes: Partial<Record<PassName, boolean>> = {}, trace = false) => {
  const { insns, progType } = program(text)
  const result = loadForDevice({ progType, insns, maps: [], relocs: [], firmware, passes, trace })
  if (!result.image) throw new Error(result.error)
  return { ...result, image: result.image, words: result.image.words.length / 2 }
}

/** Something for each pass: the entry sequence, a negative constant, masks and shifts of old compilers, a copy, byte loads. */
const EVERY_PASS = `
.prog xdp p
  r6 = r1
  r7 = *(u32 *)(r6 + 0)
  r8 = *(u32 *)(r6 + 4)
  r2 = r7
  r2 += 64
  if r2 > r8 goto pass
  r3 = *(u8 *)(r7 + 20)
  r4 = *(u8 *)(r7 + 21)
  r3 += r4
  r3 += -5
  *(u8 *)(r7 + 22) = r3
  r1 = *(u32 *)(r7 + 24)
  *(u32 *)(r7 + 40) = r1
  r1 = *(u32 *)(r7 + 28)
  *(u32 *)(r7 + 44) = r1
  r1 = *(u32 *)(r7 + 32)
  *(u32 *)(r7 + 48) = r1
pass:
  r0 = 2
  exit
`
const NO_PASS = Object.fromEntries(PASSES.map(({ name }) => [name, false]))

describe('E. the JIT under the hood', () => {
  it('E1 shifts by a register, left and right, 64 and 32 bits wide', () => {
    expect(differences(shift('r1 >>= r2'), amounts(64))).toBe(0)
    // The driver's own words shift by 0 wrongly to the left (nfp-isa.md, section 17.3); all other amounts are right.
    expect(differences(shift('r1 <<= r2'), amounts(64).slice(1))).toBe(0)
    expect(differences(shift('r1 <<= r2'), amounts(1))).toBe(1)
    for (const op of ['w1 <<= w2', 'w1 >>= w2']) expect(differences(shift(op), amounts(32)), op).toBe(0)
  })

  it('E2 shifts arithmetically by a register', () => {
    expect(differences(shift('r1 s>>= r2'), amounts(64))).toBe(0)
    expect(differences(shift('w1 s>>= w2'), amounts(32))).toBe(0)
  })

  it('E3 multiplies in fewer words where the verifier knows that operands are narrow', () => {
    const multiply = (size: string): string =>
      `.prog xdp p\n${REACH(50)}  r1 = *(${size} *)(r7 + 42)\n  r2 = *(${size} *)(r7 + 46)\n  r1 *= r2\n  *(u32 *)(r7 + 42) = r1\npass:\n  r0 = 2\n  exit\n`
    const slots = (size: string): number => {
      const { image } = load(multiply(size))
      const mul = [...program(multiply(size)).insns].findIndex((byte, i) => i % 8 === 0 && byte === 0x2f) / 8
      return image.insnWords[mul * 2 + 1]! - image.insnWords[mul * 2]!
    }
    expect([slots('u8'), slots('u16')]).toEqual([4, 4])
    expect(slots('u32')).toBe(7)
    for (const size of ['u8', 'u16', 'u32']) expect(differences(multiply(size), amounts(20)), size).toBe(0)
  })

  it('E4 finds sequences and replaces them, pass by pass, with what each did', () => {
    const { passes } = load(EVERY_PASS, {}, true)
    expect(passes!.map(({ pass }) => pass)).toEqual([
      'entry-sequence',
      'negative-constants',
      'legacy-mask',
      'legacy-shifts',
      'copy-gathering',
      'packet-cache',
    ])
    const did = passes!.filter(({ notes, before, after }) => notes.length > 0 || formatHex(before) !== formatHex(after))
    expect(did.map(({ pass }) => pass)).toEqual(expect.arrayContaining(['negative-constants', 'copy-gathering']))
    for (const { notes } of did) for (const note of notes) expect(note.reason.length).toBeGreaterThan(10)
    // Loads of the packet as old compilers write them, with a mask or a pair of shifts that change nothing.
    const legacy = (load: string, rest: string): string =>
      `.prog tc p\n  r6 = r1\n  r0 = *(${load} *)skb[16]\n${rest}  if r0 == 7 goto shot\n  r0 = -1\n  exit\nshot:\n  r0 = 2\n  exit\n`
    for (const [pass, text] of [
      ['legacy-mask', legacy('u8', '  r0 &= 255\n')],
      ['legacy-shifts', legacy('u32', '  r0 <<= 32\n  r0 >>= 32\n')],
      ['packet-cache', EVERY_PASS],
      ['copy-gathering', EVERY_PASS],
    ] as const)
      expect(load(text).words, pass).toBeLessThan(load(text, { [pass]: false }).words)
    expect(differences(EVERY_PASS, amounts(8))).toBe(0)
  })

  it('E5 executes fewer words a packet with its passes than without', () => {
    const words = (passes: Partial<Record<PassName, boolean>>): number => {
      const host = hostOf()
      const made = host.load(program(EVERY_PASS), { offload: true, passes })
      if (!made.ok) throw new Error(made.error)
      host.attach(made.program.id, 4, 'offload')
      return send(host, [udp()])[0]!.record.words
    }
    expect(words({})).toBeLessThan(words(NO_PASS))
  })

  it('E6 takes less time a packet with its passes than without', () => {
    const worst = (passes: Partial<Record<PassName, boolean>>): number =>
      imageBudget(load(EVERY_PASS, passes).image, firmware).worst!.cycles
    expect(worst({})).toBeLessThan(worst(NO_PASS))
    const cycles = (passes: Partial<Record<PassName, boolean>>): number => {
      const host = hostOf({ timeModel: 'exact' })
      const made = host.load(program(EVERY_PASS), { offload: true, passes })
      if (!made.ok) throw new Error(made.error)
      host.attach(made.program.id, 4, 'offload')
      const { record } = send(host, [udp()])[0]!
      return record.departed - record.started
    }
    expect(cycles({})).toBeLessThan(cycles(NO_PASS))
  })

  it('E7 takes the stack that each function needs, and refuses what does not fit', () => {
    const deep = (bytes: number): string =>
      `.prog xdp p\n  r1 = 1\n  *(u64 *)(r10 - 8) = r1\n  call f\n  r0 = 2\n  exit\n.func f\n  *(u64 *)(r10 - ${bytes}) = r1\n  r0 = 0\n  exit\n`
    const { image } = load(deep(64))
    expect(image.subprograms.map(({ stackDepth }) => stackDepth)).toEqual([8, 68])
    // Frames are counted in steps of 64 bytes.
    expect(imageBudget(image, firmware).stack).toEqual({ used: 64 + 128, limit: 512 })
    const refused = hostOf().load(program(deep(496)), { offload: true })
    expect(refused).toMatchObject({ ok: false, errno: 95 })
    if (!refused.ok) expect(refused.error).toMatch(/^\[nfp\] stack too large: program \d+B > FW stack 512B$/)
  })

  it('E8 takes programs up to the card’s real limit', () => {
    const long = (moves: number): string => `.prog xdp p\n${'  r0 = 0x12345678 ll\n'.repeat(moves)}  r0 = 2\n  exit\n`
    const fits = load(long(850))
    const { code } = imageBudget(fits.image, firmware)
    expect(code).toEqual({ used: fits.words, limit: 2800 })
    expect(code.used / code.limit).toBeGreaterThan(0.7)
    const refused = hostOf().load(program(long(3000)), { offload: true })
    expect(refused).toMatchObject({ ok: false, errno: 22 })
    if (!refused.ok) expect(refused.error).toContain('instruction limit reached (2800 NFP instructions)')
    expect(DEVICES['cx-2x25']!.workersPerIsland * DEVICES['cx-2x25']!.islands).toBe(50)
  })
})
