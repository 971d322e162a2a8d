/**
 * Comparison with a real kernel: the shared vectors hold programs with what Linux 6.18 said to them. The floors are what
 * this package has reached; a change must not fall below. Programs that the kernel walks for more than 100,000
 * instructions take seconds each and are left to the benchmark; how many is printed.
 */
import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import type { VerifyRequest } from './api'
import { verify } from './verify'

interface Vector {
  readonly id: string
  readonly topic: string
  readonly prog_type: VerifyRequest['progType']
  readonly insns: string
  readonly maps?: VerifyRequest['maps']
  readonly relocs?: VerifyRequest['relocs']
  readonly prog_flags?: number
  readonly caps?: VerifyRequest['caps']
  readonly btf?: string
  readonly func_info?: string
  readonly log?: string
  readonly log_trimmed?: boolean
  readonly log_level?: number
  readonly verdict: string
  readonly errno: number
  readonly error?: string
  readonly processed_insns?: number
  readonly restricted?: { readonly verdict: string; readonly errno: number; readonly error?: string }
}

const MAX_PROCESSED = 100_000
const FLOORS = { verdict: 1, errno: 1, error: 1, log: 0.999, processed: 1, restricted: 0.999 }

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
/** Addresses and blanks at line ends aside. */
const plain = (log: string): string =>
  log
    .split('\n')
    .map((line) => line.replaceAll(/0xffff[0-9a-f]{12}/g, '0x0').trimEnd())
    .join('\n')
    .trim()

function request(v: Vector, more: Partial<VerifyRequest> = {}): VerifyRequest {
  return {
    progType: v.prog_type,
    insns: bytes(v.insns),
    maps: v.maps ?? [],
    relocs: v.relocs ?? [],
    progFlags: v.prog_flags ?? 0,
    logLevel: v.log_level ?? 2,
    ...(v.caps ? { caps: v.caps } : {}),
    ...(v.btf !== undefined ? { btf: bytes(v.btf) } : {}),
    ...(v.func_info !== undefined ? { funcInfo: bytes(v.func_info) } : {}),
    ...more,
  }
}

const dir = vectorsDir('verifier')
describe.skipIf(dir === undefined)('recorded answers of Linux 6.18', () => {
  it('agree in verdict, errno, message, log and instructions processed', () => {
    const all = jsonlFiles(dir!).flatMap((file) => readJsonl<Vector>(file))
    const vectors = all.filter((v) => (v.processed_insns ?? 0) <= MAX_PROCESSED)
    console.log(`verifier vectors: ${vectors.length} compared, ${all.length - vectors.length} too long for a unit test`)
    const share = { verdict: [0, 0], errno: [0, 0], error: [0, 0], log: [0, 0], processed: [0, 0], restricted: [0, 0] }
    const differing: string[] = []
    const count = (what: keyof typeof share, v: Vector, equal: boolean): void => {
      share[what][1]!++
      if (equal) share[what][0]!++
      else differing.push(`${v.id} ${what}`)
    }
    for (const v of vectors) {
      const r = verify(request(v))
      count('verdict', v, r.verdict === v.verdict)
      count('errno', v, r.errno === v.errno)
      if (v.verdict === 'reject') count('error', v, r.error.trim() === (v.error ?? '').trim())
      if (v.log !== undefined && !v.log_trimmed) count('log', v, plain(r.log) === plain(v.log))
      count('processed', v, r.processedInsns === (v.processed_insns ?? 0))
      if (!v.restricted || v.restricted.error?.startsWith('BPF program is too large')) continue
      const low = verify(request(v, { caps: ['bpf', 'net_admin'], logLevel: 0 }))
      count('restricted', v, low.verdict === v.restricted.verdict && low.errno === v.restricted.errno)
    }
    console.log(
      Object.entries(share)
        .map(([what, [equal, of]]) => `${what} ${equal}/${of}`)
        .join(', '),
    )
    for (const what of Object.keys(FLOORS) as (keyof typeof FLOORS)[]) {
      const [equal, of] = share[what] as [number, number]
      expect(equal / of, `${what}: ${differing.slice(0, 10).join(', ')}`).toBeGreaterThanOrEqual(FLOORS[what])
    }
  })
})
