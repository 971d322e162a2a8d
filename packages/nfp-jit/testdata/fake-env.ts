/** A verifier state made by hand, to ask the driver's hooks about one instruction at a time. */
import type { DriverEnv, RegView, U64 } from '@offload/verifier'
import type { MapDef, ProgType } from '@offload/bpf'

const u64 = (value: number): U64 => ({ lo: value >>> 0, hi: value < 0 ? 0xffffffff : Math.floor(value / 2 ** 32) })
const ZERO = u64(0)
const ALL: U64 = { lo: 0xffffffff, hi: 0xffffffff }

const plain: RegView = { type: 1, off: 0, id: 0, varOff: { value: ZERO, mask: ZERO }, umin: ZERO, umax: ZERO, frameno: 0, map: -1 }

/** A known number. */
export const known = (value: number): RegView => {
  const v = u64(value)
  return { ...plain, varOff: { value: v, mask: ZERO }, umin: v, umax: v }
}
/** A number between two bounds; its bits are unknown as far as `mask` says. */
export const between = (min: number, max: number, mask = max): RegView => ({
  ...plain,
  varOff: { value: ZERO, mask: u64(mask) },
  umin: u64(min),
  umax: u64(max),
})
export const unknown: RegView = { ...plain, varOff: { value: ZERO, mask: ALL }, umin: ZERO, umax: ALL }
export const context: RegView = { ...plain, type: 2 }
export const stack = (off: number, frameno = 0): RegView => ({ ...plain, type: 6, off, frameno })
export const packet = (off = 0, id = 0): RegView => ({ ...plain, type: 8, off, id })
export const mapPointer = (map: number): RegView => ({ ...plain, type: 3, map })
export const mapValue = (map: number, off = 0): RegView => ({ ...plain, type: 4, map, off })
export const ofType = (type: number): RegView => ({ ...plain, type })
export const variable = (reg: RegView): RegView => ({ ...reg, varOff: { value: ZERO, mask: u64(0xff) } })

export interface FakeState {
  readonly progType?: ProgType
  readonly maps?: readonly MapDef[]
  readonly regs?: Readonly<Record<number, RegView>>
  readonly curFrame?: number
  /** Kinds of stack bytes by offset; others are 2 (misc). */
  readonly slots?: Readonly<Record<number, number>>
}

/** The state, with the log the driver writes. */
export function fakeEnv(state: FakeState): DriverEnv & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    progType: state.progType ?? 'xdp',
    maps: state.maps ?? [],
    relocs: [],
    curFrame: state.curFrame ?? 0,
    reg: (n) => state.regs?.[n] ?? plain,
    stackSlot: (_frame, off) => state.slots?.[off] ?? 2,
    log: (text) => lines.push(text),
    tnumText: ({ value, mask }) => `(0x${value.lo.toString(16)}; 0x${mask.lo.toString(16)})`,
  }
}
