import { describe, expect, it } from 'vitest'
import { remedyFor } from './doctor-remedies'
import { encodeInsn, replaceSlot } from './program-edit'
import { ProgramInfo } from './program-info'
import { bytesOfHex } from '../testdata/recorded-inputs'

const NOP = 'b700000000000000'
const hex = (bytes: Uint8Array): string[] =>
  Array.from({ length: bytes.length / 8 }, (_, i) =>
    [...bytes.subarray(8 * i, 8 * i + 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  )

describe('replacing an instruction', () => {
  it('keeps jumps, calls and map references where they pointed', () => {
    // 0: if r1 == 0 goto 3; 1: call 4; 2: (replaced); 3: goto 0; 4: map; 6: exit
    const insns = [
      '1501020000000000',
      '8510000002000000',
      NOP,
      '0500fcff00000000',
      '1811000000000000',
      '00'.repeat(8),
      '9500000000000000',
    ]
    const edited = replaceSlot(
      { insns: bytesOfHex(insns.join('')), relocs: [{ insn: 4, map: 0 }] },
      2,
      bytesOfHex(NOP.repeat(3)),
    )
    expect(edited?.relocs).toEqual([{ insn: 6, map: 0 }])
    expect(hex(edited!.insns)).toEqual([
      '1501040000000000',
      '8510000004000000',
      NOP,
      NOP,
      NOP,
      '0500faff00000000',
      ...insns.slice(4),
    ])
  })

  it('lets jumps to the slot land on the first new instruction', () => {
    const insns = ['1501010000000000', NOP, NOP, '0500feff00000000']
    const edited = replaceSlot({ insns: bytesOfHex(insns.join('')), relocs: [] }, 2, bytesOfHex(NOP.repeat(2)))
    expect(hex(edited!.insns)).toEqual(['1501010000000000', NOP, NOP, NOP, '0500fdff00000000'])
  })

  it('gives up where a jump gets too long', () => {
    const far = [...encodeInsn(0x15, 1, 0, 0x7fff, 0), ...bytesOfHex(NOP.repeat(0x8001))]
    expect(replaceSlot({ insns: Uint8Array.from(far), relocs: [] }, 1, bytesOfHex(NOP.repeat(2)))).toBeUndefined()
  })
})

describe('remedies', () => {
  const refusal = (code: 'translation' | 'opcode' | 'multiply-range' | 'exit-action', text = '') =>
    ({ code, insn: 0, errno: 22, text }) as const

  it('store constants through a free register', () => {
    const program = new ProgramInfo(bytesOfHex('6201040007000000'))
    expect(hex(remedyFor(program, refusal('translation'))!)).toEqual(['b709000007000000', '6391040000000000'])
  })

  it('compute remainders by what the chip has', () => {
    const program = new ProgramInfo(bytesOfHex('970200000a000000'))
    expect(hex(remedyFor(program, refusal('opcode'))!)).toEqual([
      'bc29000000000000',
      '340900000a000000',
      'bc99000000000000',
      '240900000a000000',
      '1c92000000000000',
    ])
  })

  it('cut factors to 32 bits', () => {
    const program = new ProgramInfo(bytesOfHex('2f21000000000000'))
    expect(hex(remedyFor(program, refusal('multiply-range'))!)).toEqual([
      'bc11000000000000',
      'bc22000000000000',
      '2f21000000000000',
    ])
  })

  it('leave other TC actions alone', () => {
    const program = new ProgramInfo(bytesOfHex('9500000000000000'))
    expect(remedyFor(program, refusal('exit-action', 'unsupported exit state: 1, imm: 3'))).toBeUndefined()
    expect(hex(remedyFor(program, refusal('exit-action', 'unsupported exit state: 1, imm: 0'))!)).toEqual([
      'b7000000ffffffff',
      '9500000000000000',
    ])
  })
})
