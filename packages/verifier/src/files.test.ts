/**
 * File tests: each `testdata/*.bpf` is a program, beside it `*.log` with what the verifier says at level 2, verdict and
 * errno first. `BLESS=1` writes the logs anew; the difference is then to be reviewed.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { assemble } from '@offload/bpf'
import { describe, expect, it } from 'vitest'
import type { VerifyRequest } from './api'
import { verify } from './verify'

const folder = new URL('../testdata/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.bpf'))
  .sort()

function requestOf(text: string): VerifyRequest {
  const result = assemble(text)
  if (!result.ok) throw new Error(result.diagnostics.map((d) => `${d.range.startLine}: ${d.message}`).join('\n'))
  const { insns, maps, relocs, progType, license } = result.program
  return { insns, maps, relocs, progType, license, logLevel: 2 }
}

describe('programs in testdata', () => {
  it.each(names)('%s', (name) => {
    const result = verify(requestOf(readFileSync(new URL(name, folder), 'utf8')))
    const said = `${result.verdict} ${result.errno}\n${result.log}`
    const file = new URL(name.replace('.bpf', '.log'), folder)
    if (process.env['BLESS'] !== undefined || !existsSync(file)) {
      expect(process.env['BLESS'], `no expected log for ${name}; BLESS=1 writes it`).toBeDefined()
      writeFileSync(file, said)
    }
    expect(said).toBe(readFileSync(file, 'utf8'))
  })
})

describe('verify', () => {
  const request = requestOf(readFileSync(new URL('bounded-loop.bpf', folder), 'utf8'))

  it('refuses an empty program without a word', () => {
    const result = verify({ progType: 'xdp', insns: new Uint8Array(0), logLevel: 2 })
    expect(result).toMatchObject({ verdict: 'reject', errno: 7, error: '', log: '' })
  })
  it('says nothing at level 0, but names the error', () => {
    const result = verify({ progType: 'xdp', insns: new Uint8Array([0x95, 0, 0, 0, 0, 0, 0, 0]), logLevel: 0 })
    expect(result).toMatchObject({ verdict: 'reject', errno: 13, error: 'R0 !read_ok', log: '', errorInsn: 0 })
  })
  it('stops when asked to', () => {
    const endless = Uint8Array.from([
      ...[0xb7, 0, 0, 0, 0, 0, 0, 0], // r0 = 0
      ...[0x07, 0, 0, 0, 1, 0, 0, 0], // r0 += 1
      ...[0xa5, 0, 0xfe, 0xff, 0, 0, 0, 0x40], // if r0 < 0x40000000 goto pc-2
      ...[0x95, 0, 0, 0, 0, 0, 0, 0],
    ])
    let asked = 0
    const result = verify({ progType: 'xdp', insns: endless, cancelled: () => ++asked > 1 })
    expect(result.verdict).toBe('cancelled')
    expect(result.processedInsns).toBeLessThan(10_000)
  })
  it('records a step per visited instruction, each continuing another', () => {
    const { steps, processedInsns } = verify({ ...request, record: true })
    expect(steps).toHaveLength(processedInsns)
    expect(steps![0]).toEqual({ insn: 0, frame: 0, state: 'R1=ctx() R10=fp0', parent: -1 })
    expect(steps!.every((step, k) => step.parent < k)).toBe(true)
  })
  it('refuses loops and long programs by the rules of 4.20', () => {
    expect(verify({ ...request, kernel: '4.20' })).toMatchObject({ errno: 22, error: 'back-edge from insn 4 to 2' })
    const long = new Uint8Array(8 * 4097).fill(0)
    expect(verify({ progType: 'xdp', insns: long, kernel: '4.20' })).toMatchObject({ errno: 7 })
  })
})
