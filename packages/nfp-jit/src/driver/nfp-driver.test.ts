/** The driver's checks, one instruction at a time: its words, its order, and what it remembers between visits. */
import { describe, expect, it } from 'vitest'
import type { FirmwareProfile, RefusalCode } from '../api'
import { FIRMWARE_PROFILES } from '../profiles'
import { bytesOfHex } from '../../testdata/recorded-inputs'
import {
  between,
  context,
  fakeEnv,
  known,
  mapPointer,
  mapValue,
  ofType,
  packet,
  stack,
  unknown,
  variable,
} from '../../testdata/fake-env'
import type { FakeState } from '../../testdata/fake-env'
import { MapWordUses } from './map-word-uses'
import { NfpDriver, VERDICT_ACCEPTED, VERDICT_NOT_VISITED, VERDICT_REFUSED } from './nfp-driver'

const { full, nohelp, headmeta } = FIRMWARE_PROFILES
const counters = { type: 'array', key_size: 4, value_size: 16, max_entries: 4 } as const

interface Asked {
  readonly driver: NfpDriver
  readonly result: number
  readonly said: readonly string[]
}

/** Asks about one instruction in the given states, one after the other; the answer is the last. */
function ask(insn: string, states: readonly FakeState[], firmware: FirmwareProfile = full, uses?: MapWordUses): Asked {
  const driver = new NfpDriver({ firmware, mapUses: [uses ?? new MapWordUses(counters.value_size)] })
  driver.prepare(bytesOfHex(insn))
  let result = 0
  let said: readonly string[] = []
  for (const state of states) {
    const env = fakeEnv({ maps: [counters], ...state })
    result = driver.insn(env, 0)
    said = env.lines
  }
  return { driver, result, said }
}

const call = (id: number): string => `85000000${id.toString(16).padStart(2, '0')}000000`
const LOAD_U32_R1 = '6112000000000000'
const STORE_U32_R1 = '6321000000000000'
const ADD_U64_R1 = 'db21000000000000'

describe('refusals', () => {
  const table: readonly [string, RefusalCode, number, string, FakeState, FirmwareProfile?][] = [
    ['9700000005000000', 'opcode', -22, 'instruction 0x97 not supported', {}],
    ['bfb1000000000000', 'registers', -22, 'program uses extended registers - jit hardening?', {}],
    [call(8), 'helper-unknown', -95, 'unsupported function id: 8', {}],
    [call(44), 'helper-missing', -95, 'adjust_head not supported by FW', {}, nohelp],
    [
      call(44),
      'adjust-head-meta',
      -95,
      'adjust_head: FW requires shifting metadata, not supported by the driver',
      {},
      headmeta,
    ],
    [call(65), 'helper-missing', -95, 'adjust_tail not supported by FW', {}, nohelp],
    [call(1), 'helper-missing', -95, 'map_lookup: not supported by FW', {}, nohelp],
    [call(2), 'helper-missing', -95, 'map_update: not supported by FW', {}, nohelp],
    [call(3), 'helper-missing', -95, 'map_delete: not supported by FW', {}, nohelp],
    [call(7), 'helper-missing', -95, "bpf_get_prandom_u32(): FW doesn't support random number generation", {}, nohelp],
    [call(25), 'helper-missing', -95, 'event_output: not supported by FW', {}, nohelp],
    [call(1), 'argument-not-stack', -95, 'map_lookup: unsupported ptr type 8', { regs: { 2: packet() } }],
    [call(1), 'argument-variable', -95, 'map_lookup: variable pointer', { regs: { 2: variable(stack(-8)) } }],
    [call(3), 'argument-unaligned', -95, 'map_delete: unaligned stack pointer 7', { regs: { 2: stack(-7) } }],
    [
      call(2),
      'argument-not-stack',
      -95,
      'map_update: unsupported ptr type 4',
      { regs: { 2: stack(-8), 3: mapValue(0) } },
    ],
    [
      call(25),
      'event-flags',
      -95,
      'event_output: must use BPF_F_CURRENT_CPU, var_off: (0x5; 0x0)',
      { regs: { 3: known(5) } },
    ],
    [
      call(25),
      'event-data',
      -95,
      'event_output: unsupported ptr type: 2',
      { regs: { 3: known(0xffffffff), 4: context } },
    ],
    [
      call(25),
      'argument-unaligned',
      -95,
      'event_output: unaligned stack pointer 11',
      { regs: { 3: known(0xffffffff), 4: stack(-11) } },
    ],
    [
      '9500000000000000',
      'exit-not-constant',
      -22,
      'unsupported exit state: 1, var_off: (0x0; 0xffffffff)',
      { progType: 'sched_cls', regs: { 0: unknown } },
    ],
    [
      '9500000000000000',
      'exit-action',
      -22,
      'unsupported exit state: 1, imm: 3',
      { progType: 'sched_cls', regs: { 0: known(3) } },
    ],
    [LOAD_U32_R1, 'pointer-type', -22, 'unsupported ptr type: 260', { regs: { 1: ofType(260) } }],
    [LOAD_U32_R1, 'stack-variable', -22, 'variable ptr stack access', { regs: { 1: variable(stack(-8)) } }],
    [STORE_U32_R1, 'map-write', -95, 'map writes not supported', { regs: { 1: mapValue(0) } }],
    [LOAD_U32_R1, 'map-variable', -95, 'map value offset is variable', { regs: { 1: variable(mapValue(0)) } }],
    [LOAD_U32_R1, 'map-bounds', -22, 'map value access out-of-bounds', { regs: { 1: mapValue(0, 16) } }],
    [
      '6321100000000000',
      'queue-select-missing',
      -95,
      'queue selection not supported by FW',
      { regs: { 1: context } },
      nohelp,
    ],
    [STORE_U32_R1, 'context-store', -95, 'unsupported store to context field', { regs: { 1: context } }],
    ['db21000040000000', 'atomic-op', -95, 'atomic op not implemented: 64', { regs: { 1: mapValue(0) } }],
    [ADD_U64_R1, 'atomic-target', -95, 'atomic add not to a map value pointer: 6', { regs: { 1: stack(-8) } }],
    [ADD_U64_R1, 'atomic-addend', -95, 'atomic add not of a scalar: 6', { regs: { 1: mapValue(0), 2: stack(-8) } }],
    ['2701000003000000', 'multiply-range', -22, 'multiplier is not within u32 value range', { regs: { 1: unknown } }],
    ['2f21000000000000', 'multiply-range', -22, 'multiplicand is not within u32 value range', { regs: { 2: unknown } }],
    ['27010000ffffffff', 'multiply-range', -22, "sign extended multiplicand won't be within u32 value range", {}],
    ['3701000003000000', 'divide-range', -22, 'dividend is not within u32 value range', { regs: { 1: unknown } }],
    ['3f21000000000000', 'divide-variable', -22, 'divisor is not constant', { regs: { 2: between(1, 7) } }],
    ['3f21000000000000', 'divide-range', -22, 'divisor is not within u32 value range', { regs: { 2: known(2 ** 33) } }],
    ['37010000ffffffff', 'divide-negative', -22, 'divide by negative constant is not supported', {}],
  ]

  it.each(table)('%s %s', (insn, code, errno, text, state, firmware) => {
    const { driver, result, said } = ask(insn, [state], firmware)
    expect(said.at(-1)).toBe(`[nfp] ${text}\n`)
    expect(result).toBe(errno)
    expect(driver.refusals).toEqual([{ insn: 0, errno: -errno, code, text }])
    expect([...driver.verdicts]).toEqual([VERDICT_REFUSED])
  })

  it('leave stores of constants and 32-bit negative factors to others', () => {
    expect(ask('6201000005000000', [{ regs: { 1: context } }]).result).toBe(0)
    expect(ask('24010000ffffffff', [{}]).result).toBe(0)
  })

  it('of TC exits spare shot, stolen, queued and unspecified, also in subprograms', () => {
    for (const action of [2, 4, 5, 8, -1]) {
      const state: FakeState = { progType: 'sched_cls', curFrame: 1, regs: { 0: known(action) } }
      expect(ask('9500000000000000', [state]).result).toBe(0)
    }
  })
})

describe('memory of earlier visits', () => {
  it('refuses another kind of pointer', () => {
    const { result, said } = ask(LOAD_U32_R1, [{ regs: { 1: packet() } }, { regs: { 1: stack(-8) } }])
    expect([result, said]).toEqual([-22, ['[nfp] ptr type changed for instruction 8 -> 6\n']])
  })

  it('notes that a stack pointer moves, and refuses another alignment', () => {
    const { driver, result } = ask(LOAD_U32_R1, [{ regs: { 1: stack(-8) } }, { regs: { 1: stack(-16) } }])
    expect([result, driver.program.ptrNotConst[0], driver.program.ptrOff[0]]).toEqual([0, 1, -16])
    const moved = ask(LOAD_U32_R1, [{ regs: { 1: stack(-11) } }, { regs: { 1: stack(-16) } }])
    expect(moved.said).toEqual(['[nfp] stack access changed location was:-11 is:-16\n'])
  })

  it('marks pointers into a caller’s frame for good', () => {
    const { driver } = ask(LOAD_U32_R1, [
      { curFrame: 1, regs: { 1: stack(-8, 0) } },
      { curFrame: 0, regs: { 1: stack(-8, 0) } },
    ])
    expect(driver.program.has(0, 4)).toBe(true)
  })

  it('notes that a key varies, but not that a value does', () => {
    const at = (key: number, value: number): FakeState => ({
      regs: { 1: mapPointer(0), 2: stack(key), 3: stack(value) },
    })
    expect(ask(call(2), [at(-8, -24), at(-8, -40)]).driver.program.arg2Varies[0]).toBe(0)
    expect(ask(call(2), [at(-8, -24), at(-4, -24)]).driver.program.arg2Varies[0]).toBe(1)
  })

  it('refuses events whose data changes kind, after its warning', () => {
    const data = (reg: FakeState['regs']): FakeState => ({ regs: { 3: known(0xffffffff), ...reg } })
    const { result, said } = ask(call(25), [data({ 4: mapValue(0) }), data({ 4: stack(-16) })])
    expect(result).toBe(-22)
    expect(said).toEqual([
      '[nfp] warning: return codes and behavior of event_output helper differ for offload!\n',
      '[nfp] event_output: ptr type changed: 4 6\n',
    ])
  })

  it('gathers bounds over all visits', () => {
    const { driver } = ask('0f21000000000000', [
      { regs: { 1: known(5), 2: between(3, 9) } },
      { regs: { 1: known(2 ** 33), 2: between(1, 4) } },
    ])
    const { uminSrc, umaxSrc, uminDst, umaxDst } = driver.program
    expect([...uminSrc, ...umaxSrc, ...uminDst, ...umaxDst]).toEqual([1, 0, 9, 0, 5, 0, 0, 2])
  })

  it('knows which sizes of addends came by', () => {
    const addend = (reg: FakeState['regs']): FakeState => ({ regs: { 1: mapValue(0), ...reg } })
    expect(ask(ADD_U64_R1, [addend({ 2: known(1) })]).driver.program.addend[0]).toBe(2)
    expect(ask(ADD_U64_R1, [addend({ 2: known(0x10000) })]).driver.program.addend[0]).toBe(1)
    expect(ask(ADD_U64_R1, [addend({ 2: unknown })]).driver.program.addend[0]).toBe(3)
  })
})

describe('adjust_head without checks', () => {
  const delta = (reg: ReturnType<typeof known>): FakeState => ({ regs: { 1: context, 2: reg } })
  /** The call is at slot 1, since 0 stands for "no call seen". */
  const located = (...states: FakeState[]): number => {
    const driver = new NfpDriver({ firmware: full, mapUses: [] })
    driver.prepare(bytesOfHex(`bf16000000000000${call(44)}`))
    for (const state of states) driver.insn(fakeEnv(state), 1)
    return driver.program.adjustHeadLocation
  }

  it('needs one constant that the firmware has room for', () => {
    const driver = new NfpDriver({ firmware: full, mapUses: [] })
    driver.prepare(bytesOfHex(`bf16000000000000${call(44)}${call(44)}`))
    driver.insn(fakeEnv(delta(known(-20))), 1)
    expect(driver.program.adjustHeadLocation).toBe(1)
    driver.insn(fakeEnv(delta(known(-20))), 2)
    expect(driver.program.adjustHeadLocation).toBe(-1)
  })

  it('is lost for good as soon as one visit disagrees', () => {
    expect(located(delta(known(-20)), delta(known(-20)))).toBe(1)
    expect(located(delta(known(33)))).toBe(-1)
    expect(located(delta(known(-65)))).toBe(-1)
    expect(located(delta(unknown))).toBe(-1)
    expect(located(delta(known(-20)), delta(known(-24)), delta(known(-20)))).toBe(-1)
  })
})

describe('words of map values', () => {
  const value = (off: number): FakeState => ({ regs: { 1: mapValue(0, off), 2: known(1) } })

  it('are read or counted, not both', () => {
    const uses = new MapWordUses(16)
    expect(ask(LOAD_U32_R1, [value(8)], full, uses).result).toBe(0)
    expect(ask(ADD_U64_R1, [value(8)], full, uses).said).toEqual([
      '[nfp] map value use type conflict read vs atomic off: 8\n',
    ])
    expect(ask(ADD_U64_R1, [value(0)], full, uses).result).toBe(0)
    expect([...uses.use]).toEqual([3, 3, 1, 0])
  })

  it('name the first byte touched', () => {
    const uses = new MapWordUses(16)
    ask(ADD_U64_R1, [value(8)], full, uses)
    expect(ask(LOAD_U32_R1, [value(6)], full, uses).said).toEqual([
      '[nfp] map value use type conflict atomic vs read off: 8\n',
    ])
  })

  it('that the host filled are no counters, unless both byte orders agree', () => {
    const uses = new MapWordUses(16)
    uses.noteHostUpdate(Uint8Array.of(1, 2, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0))
    expect(ask(ADD_U64_R1, [value(0)], full, uses).result).toBe(0)
    expect(ask('c321000000000000', [value(8)], full, uses).said).toEqual([
      '[nfp] atomic counter in map value may already be initialized to non-zero value off: 8\n',
    ])
  })

  it('that are counters must be updated with 0', () => {
    const uses = new MapWordUses(16)
    ask(ADD_U64_R1, [value(0)], full, uses)
    const update: FakeState = { regs: { 1: mapPointer(0), 2: stack(-4), 3: stack(-24) } }
    const { result, said } = ask(call(2), [update], full, uses)
    expect(result).toBe(-95)
    expect(said[0]).toContain('value at offset 0/23 may be non-zero')
    const slots = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [-24 + i, 3]))
    expect(ask(call(2), [{ ...update, slots }], full, uses).result).toBe(0)
    expect([...uses.nonZeroUpdate]).toEqual([0, 0, 1, 1])
  })

  it('are swapped on the way to the host if they count', () => {
    const uses = new MapWordUses(8)
    uses.use[1] = 3
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    uses.swapCounters(bytes)
    expect([...bytes]).toEqual([1, 2, 3, 4, 8, 7, 6, 5])
  })
})

describe('finalize and clean-up', () => {
  const CALLS = `b700000000000000${'8510000001000000'}9500000000000000${'b707000001000000'}9500000000000000`

  function prepared(insns: string, firmware: FirmwareProfile = full): NfpDriver {
    const driver = new NfpDriver({ firmware, mapUses: [] })
    driver.prepare(bytesOfHex(insns))
    return driver
  }

  it('adds what a subprogram keeps, and rounds frames up to 64', () => {
    const driver = prepared(CALLS)
    const zext = Uint8Array.of(0, 0, 0, 1, 0)
    const subprograms = [
      { start: 0, stackDepth: 8 },
      { start: 3, stackDepth: 32 },
    ]
    expect(driver.finalize({ log: () => undefined, subprograms, zext })).toBe(0)
    expect(driver.program.subprograms.map(({ stackDepth }) => stackDepth)).toEqual([8, 68])
    expect(driver.program.stackSize).toBe(192)
    expect(driver.program.has(3, 64)).toBe(true)
  })

  it('refuses more stack than the firmware has', () => {
    const lines: string[] = []
    const driver = prepared(CALLS, { ...full, stackSize: 64 })
    const subprograms = [
      { start: 0, stackDepth: 8 },
      { start: 3, stackDepth: 8 },
    ]
    const result = driver.finalize({ log: (text) => lines.push(text), subprograms, zext: new Uint8Array(5) })
    expect([result, lines]).toEqual([-95, ['[nfp] stack too large: program 128B > FW stack 64B\n']])
  })

  it('counts removed instructions in the program as loaded', () => {
    const driver = prepared(
      'b7000000000000001500010000000000b700000001000000b700000002000000b7000000030000009500000000000000',
    )
    driver.removeInsns(2, 1)
    driver.removeInsns(2, 1)
    expect(Array.from({ length: 6 }, (_, i) => (driver.program.has(i, 32) ? 1 : 0))).toEqual([0, 0, 1, 1, 0, 0])
  })

  it('accepts a jump made one-way, and refuses another target', () => {
    const insns = '1500010000000000b700000001000000b7000000020000009500000000000000'
    const goto = (off: number): Uint8Array => Uint8Array.of(5, 0, off, 0, 0, 0, 0, 0)
    const never = prepared(insns)
    expect([never.replaceInsn(0, goto(0), () => undefined), never.program.jumpDst[0]]).toEqual([0, 1])
    expect(prepared(insns).replaceInsn(0, goto(1), () => undefined)).toBe(0)
    const lines: string[] = []
    const wrong = prepared(insns)
    expect(wrong.replaceInsn(0, goto(2), (text) => lines.push(text))).toBe(-22)
    expect(lines).toEqual(['[nfp] branch hard wire at 0 changes target 2 -> 3\n'])
    expect(wrong.optimisationFailed).toBe(true)
    expect(prepared(insns).replaceInsn(1, goto(0), (text) => lines.push(text))).toBe(-22)
    expect(lines[1]).toBe('[nfp] unsupported instruction replacement b7 -> 5\n')
  })
})

describe('survey', () => {
  it('goes on behind a refusal', () => {
    const driver = new NfpDriver({ firmware: nohelp, mapUses: [], survey: true })
    driver.prepare(bytesOfHex(`${call(7)}${call(65)}b7000000000000009500000000000000`))
    for (const slot of [0, 1, 2]) expect(driver.insn(fakeEnv({}), slot)).toBe(0)
    expect([...driver.verdicts]).toEqual([VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_ACCEPTED, VERDICT_NOT_VISITED])
    expect(driver.refusals).toHaveLength(2)
  })
})
