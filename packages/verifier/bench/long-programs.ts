/**
 * Programs whose walk is long (50,000 to 1,000,000 processed instructions), of several kinds: loops over numbers, packets and
 * stack, calls, helpers, branches that do not meet again, and programs that are long themselves.
 */
import { assemble } from '@offload/bpf'
import type { VerifyRequest } from '@offload/verifier'

export interface LongProgram {
  readonly name: string
  readonly request: VerifyRequest
}

const times = (n: number, line: (k: number) => string): string =>
  Array.from({ length: n }, (_, k) => line(k)).join('\n')

const TEXTS: Readonly<Record<string, string>> = {
  'counted loop': 'r0 = 0\nagain:\nr0 += 1\nif r0 < 0x1000000 goto again\nexit',
  'sum in a loop': 'r0 = 0\nr1 = 0\nagain:\nr0 += r1\nr1 += 1\nif r1 != 0x1000000 goto again\nexit',
  'unknown bound':
    'call bpf_get_prandom_u32\nr6 = r0\nr0 = 0\nr1 = 0\nagain:\nr0 += r1\nr1 += 1\nif r1 < r6 goto again\nexit',
  'branches that add bits': [
    'r6 = 0',
    times(14, (k) => `call bpf_get_prandom_u32\nif r0 s< ${k + 5} goto l${k}\nr6 += ${1 << k}\nl${k}:`),
    'r6 &= 0x3fff\nif r6 == 77 goto out\nr1 = r6\nout:\nr0 = r6\nexit',
  ].join('\n'),
  'loop over a packet': `r6 = *(u32 *)(r1 + 0)
r7 = *(u32 *)(r1 + 4)
r8 = 0
r0 = 0
again:
r2 = r6
r2 += 1
if r2 > r7 goto out
r3 = *(u8 *)(r6 + 0)
r0 += r3
r6 += 1
r8 += 1
if r8 < 10000 goto again
out:
exit`,
  'stack in a loop': `r0 = 0
*(u64 *)(r10 - 8) = r0
again:
r1 = *(u64 *)(r10 - 8)
r1 += 1
*(u64 *)(r10 - 8) = r1
r2 = r1
r2 &= 7
r2 <<= 3
*(u64 *)(r10 - 16) = r2
if r1 < 60000 goto again
r0 = 0
exit`,
  'calls in a loop': `r6 = 0
again:
r1 = r6
call f
r6 += 1
if r6 < 50000 goto again
r0 = 0
exit
f:
r2 = r1
r2 ^= 7
*(u64 *)(r10 - 8) = r2
r0 = *(u64 *)(r10 - 8)
exit`,
  'helper in a loop': `r6 = 0
again:
call bpf_get_prandom_u32
r0 &= 255
if r0 > 100 goto skip
r7 = r0
skip:
r6 += 1
if r6 < 60000 goto again
r0 = 0
exit`,
}

/** Assembles the text. */
function program(name: string, text: string): LongProgram {
  const result = assemble(`.prog xdp main\n${text}\n`)
  if (!result.ok) throw new Error(`${name}: ${result.diagnostics[0]!.message}`)
  return { name, request: { progType: 'xdp', insns: result.program.insns } }
}

/** A short program's body, many times over, then `r0 = 0; exit`. */
function unrolled(name: string, head: string, body: string, copies: number): LongProgram {
  const bytesOf = (text: string): Uint8Array => program(name, text).request.insns
  const start = bytesOf(head)
  const piece = bytesOf(body)
  const end = bytesOf('r0 = 0\nexit')
  const insns = new Uint8Array(start.length + piece.length * copies + end.length)
  insns.set(start)
  for (let k = 0; k < copies; k++) insns.set(piece, start.length + k * piece.length)
  insns.set(end, insns.length - end.length)
  return { name, request: { progType: 'xdp', insns } }
}

export const longPrograms = (): LongProgram[] => [
  ...Object.entries(TEXTS).map(([name, text]) => program(name, text)),
  unrolled(
    'straight line',
    'r1 = 1\nr2 = 2',
    'r2 += 3\nr1 = r2\nr1 *= 5\n*(u64 *)(r10 - 8) = r1\nr3 = *(u64 *)(r10 - 8)\nr3 &= 255',
    30_000,
  ),
  unrolled(
    'straight line with branches',
    'call bpf_get_prandom_u32\nr6 = r0\nr7 = 0',
    'r1 = r6\nr1 &= 127\nif r1 > 50 goto +1\nr7 = 3\nr7 = 4',
    20_000,
  ),
]
