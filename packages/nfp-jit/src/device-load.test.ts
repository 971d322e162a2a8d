/** Whole loads: maps, verifier with the driver's hooks, translation, relocation, and the doctor's advice. */
import { describe, expect, it } from 'vitest'
import { wordsToHex } from '@offload/nfp'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { checkAttach } from './attach-limits'
import type { DeviceLoadRequest, DeviceLoadResult } from './api'
import { loadForDevice, surveyDevice } from './device-load'
import { doctor } from './doctor'
import { FIRMWARE_PROFILES } from './profiles'
import { bytesOfHex } from '../testdata/recorded-inputs'
import type { JitVector } from '../testdata/recorded-inputs'

const { full, shipping, nohelp, small } = FIRMWARE_PROFILES

const XDP_PASS = ['b700000002000000', '9500000000000000']

function request(insns: readonly string[], more: Partial<DeviceLoadRequest> = {}): DeviceLoadRequest {
  return { progType: 'xdp', insns: bytesOfHex(insns.join('')), maps: [], relocs: [], firmware: shipping, ...more }
}

describe('a load', () => {
  it('gives an image, and words for each port of the firmware', () => {
    const first = loadForDevice(request(XDP_PASS))
    const second = loadForDevice(request(XDP_PASS, { port: 1 }))
    expect(first.verdict).toBe('ok')
    expect(first.image?.words).toEqual(second.image?.words)
    expect(first.relocated).not.toEqual(second.relocated)
    expect([...first.driverVerdicts!]).toEqual([1, 1])
  })

  it('keeps the kernel’s refusals and the driver’s apart', () => {
    expect(loadForDevice(request(['9500000000000000']))).toMatchObject({
      verdict: 'kernel-reject',
      errno: 13,
      stage: 'verifier',
      error: 'R0 !read_ok',
    })
    expect(loadForDevice(request(['8500000008000000', ...XDP_PASS]))).toMatchObject({
      verdict: 'driver-reject',
      errno: 95,
      stage: 'verify_insn',
      insn: 0,
      error: '[nfp] unsupported function id: 8',
    })
    expect(loadForDevice(request(XDP_PASS, { progType: 'cgroup_skb' }))).toMatchObject({
      stage: 'prog_load',
      errno: 22,
    })
  })

  it('stops at the first map that does not fit', () => {
    const map = { type: 'array', key_size: 4, value_size: 8, max_entries: 1 } as const
    const flagged = { ...map, map_flags: 1 }
    expect(loadForDevice(request(XDP_PASS, { maps: [map, flagged] }))).toMatchObject({
      verdict: 'driver-reject',
      stage: 'map_alloc',
      map: 1,
      error: 'map flags are not supported',
    })
    expect(loadForDevice(request(XDP_PASS, { maps: [{ ...map, type: 'lru_hash' }] }))).toMatchObject({
      verdict: 'kernel-reject',
      stage: 'map_create',
      error: '(no text, errno 22)',
    })
  })

  it('clears upper halves for paths that end where another went on', () => {
    const insns = [
      'bf16000000000000', // r6 = r1
      '8500000007000000', // call get_prandom_u32
      '6162000000000000', // r2 = data
      '6163040000000000', // r3 = data_end
      'bf24000000000000', // r4 = r2
      '0704000001000000', // r4 += 1
      '2d340e0000000000', // if r4 > r3 goto the end
      '7125000000000000', // r5 = first byte: a narrow load
      '15000b0005000000', // if r0 == 5 goto the mask
      'b405000007000000', // w5 = 7
      '1500010006000000', // if r0 == 6 goto the next but one
      ...Array<string>(9).fill('0700000001000000'), // r0 += 1
      '5705000003000000', // r5 &= 3: reads 64 bits; walked once, with w5 = 7
      ...XDP_PASS,
    ]
    const { image, error } = loadForDevice(request(insns))
    expect(error).toBe('')
    const load = image!.origins.filter(({ insn }) => insn === 7)
    expect(load.at(-1)?.reason).toBe('clear the upper half')
  })

  it('can leave passes out and show them', () => {
    const program = ['bf16000000000000', ...XDP_PASS]
    const traced = loadForDevice(request(program, { trace: true, passes: { 'entry-sequence': false } }))
    expect(traced.passes?.map(({ pass, ran }) => [pass, ran])[0]).toEqual(['entry-sequence', false])
    const usual = loadForDevice(request(program))
    expect(traced.image!.words.length - usual.image!.words.length).toBe(4)
  })
})

describe('survey', () => {
  it('collects all refusals', () => {
    const insns = ['8500000007000000', 'b701000005000000', '9701000003000000', ...XDP_PASS]
    const { verdicts, refusals } = surveyDevice(request(insns, { firmware: nohelp }))
    expect([...verdicts]).toEqual([2, 1, 2, 1, 1])
    expect(refusals.map(({ insn, code }) => [insn, code])).toEqual([
      [0, 'helper-missing'],
      [2, 'opcode'],
    ])
  })
})

describe('doctor', () => {
  const advise = (asked: DeviceLoadRequest): ReturnType<typeof doctor> => doctor(asked, loadForDevice(asked))

  it('has nothing to say of programs that load', () => {
    expect(advise(request(XDP_PASS))).toEqual([])
  })

  it('finds a firmware that has the helper', () => {
    const [finding] = advise(request(['8500000007000000', ...XDP_PASS], { firmware: nohelp }))
    expect(finding?.refusal.text).toContain('random number generation')
    expect(finding?.change).toEqual({ kind: 'firmware', firmware: 'shipping' })
  })

  it('takes map flags away', () => {
    const maps = [{ type: 'hash', key_size: 4, value_size: 8, max_entries: 8, map_flags: 1 }]
    const [finding] = advise(request(XDP_PASS, { maps }))
    expect(finding?.change).toEqual({
      kind: 'maps',
      maps: [{ type: 'hash', key_size: 4, value_size: 8, max_entries: 8 }],
    })
  })

  it('replaces what the card cannot do, and has tried it', () => {
    // r10 - 8 = 5 as a constant, then a remainder.
    const store = request(['620af8ff05000000', ...XDP_PASS])
    const [finding] = advise(store)
    expect(finding?.change).toMatchObject({ kind: 'program', insn: 0, outcome: 'accepted' })
    const remainder = request(['b701000011000000', '9701000005000000', ...XDP_PASS])
    const change = advise(remainder)[0]?.change
    expect(change?.kind === 'program' && loadForDevice({ ...remainder, ...change.program }).verdict).toBe('ok')
  })

  it('names the limit where no change is known', () => {
    const long = [...Array<string>(40).fill('b701000078563412'), ...XDP_PASS]
    const [finding] = advise(request(long, { firmware: small }))
    expect(finding).toMatchObject({
      limit: 'This port takes 100 words.',
      change: { kind: 'firmware', firmware: 'shipping' },
    })
  })
})

const dir = vectorsDir('nfp-jit')

function answer(vector: JitVector, result: DeviceLoadResult): unknown {
  const { verdict, image, relocated } = result
  if (verdict !== 'ok' || !image || !relocated) {
    const at = vector.stage === 'verify_insn' ? { insn: result.insn } : {}
    return { id: vector.id, verdict, stage: result.stage, errno: result.errno, error: result.error, ...at }
  }
  return {
    id: vector.id,
    verdict,
    nfp: wordsToHex(image.words),
    nfp_relocated: wordsToHex(relocated),
    stack_size: image.stackSize,
    subprogs: image.subprograms.map(({ bpf, nfp }) => [bpf, nfp]),
    max_pkt_offset: image.maxPktOffset,
    attach: checkAttach(image, FIRMWARE_PROFILES[vector.fw])?.text ?? 'ok',
  }
}

function recorded(vector: JitVector): unknown {
  const { id, verdict } = vector
  if (verdict !== 'ok') {
    const at = vector.stage === 'verify_insn' ? { insn: vector.insn } : {}
    return { id, verdict, stage: vector.stage, errno: vector.errno, error: vector.error, ...at }
  }
  return {
    id,
    verdict,
    nfp: vector.nfp,
    nfp_relocated: vector.nfp_relocated,
    stack_size: vector.stack_size,
    subprogs: vector.subprogs!.map(({ bpf, nfp }) => [bpf, nfp]),
    max_pkt_offset: vector.max_pkt_offset,
    attach: vector.attach,
  }
}

describe.skipIf(dir === undefined)('recorded loads', () => {
  const files = dir === undefined ? [] : jsonlFiles(dir).filter((file) => !file.includes('disasm_words'))

  it.each(files.map((file) => [file.replace(/^.*\//, ''), file]))('%s', (_name, file) => {
    for (const vector of readJsonl<JitVector>(file)) {
      const result = loadForDevice({
        progType: vector.prog_type,
        insns: bytesOfHex(vector.insns.join('')),
        maps: vector.maps.map(({ flags, id: _id, ...map }) => ({ ...map, map_flags: flags ?? 0 })),
        relocs: vector.relocs,
        mapIds: vector.maps.map(({ id }) => id ?? 0),
        firmware: FIRMWARE_PROFILES[vector.fw],
        kernel: '6.12',
        logLevel: 0,
      })
      expect(answer(vector, result)).toEqual(recorded(vector))
    }
  })

  it('are about all six test profiles', () => {
    const seen = new Set(files.flatMap((file) => readJsonl<JitVector>(file)).map(({ fw }) => fw))
    expect([...seen].toSorted()).toEqual(['full', 'headmeta', 'hi', 'nohelp', 'nomaps', 'small'])
    expect(full.name).toBe('full')
  })
})
