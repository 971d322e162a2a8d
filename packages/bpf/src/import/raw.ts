/** Reads bare instructions: hex dumps of several habits, and JSON lists. */

import { fromHex, writeInsn } from '../insn'

/** Bytes of a hex dump (`b7 00 …`, `0xb7, 0x00, …`, `\xb7\x00…`, xxd's form), if they are whole instructions. */
export function readHexDump(text: string): Uint8Array | undefined {
  const lines = text.split('\n').map((line) => {
    const xxd = /^\s*[0-9a-f]{4,16}:\s+((?:[0-9a-f]{2,4} ?)+)(?: .*)?$/i.exec(line)
    return xxd !== null ? xxd[1]! : line.replace(/(?:\/\/|#|;).*$/, '')
  })
  const joined = lines.join(' ').replace(/0x|\\x|[,"'{}]/gi, ' ')
  const bytes = fromHex(joined)
  return bytes === undefined || bytes.length === 0 || bytes.length % 8 !== 0 ? undefined : bytes
}

/** Instructions of a JSON value, or the reason why there are none. */
export function readInsnJson(value: unknown): Uint8Array | string {
  if (typeof value === 'string') return fromHexInsns(value)
  if (Array.isArray(value)) return fromList(value)
  if (typeof value === 'object' && value !== null) {
    const { insns, instructions } = value as Record<string, unknown>
    if (insns !== undefined || instructions !== undefined) return readInsnJson(insns ?? instructions)
  }
  return 'The JSON holds no list of instructions'
}

function fromHexInsns(text: string): Uint8Array | string {
  const bytes = fromHex(text)
  return bytes === undefined || bytes.length % 8 !== 0 ? 'The hex text does not hold whole 8-byte instructions' : bytes
}

function fromList(list: readonly unknown[]): Uint8Array | string {
  if (list.every((entry) => typeof entry === 'number')) {
    const isBytes = list.every((entry) => Number.isInteger(entry) && entry >= 0 && entry <= 255)
    return isBytes && list.length % 8 === 0
      ? Uint8Array.from(list)
      : 'The list of numbers does not hold whole 8-byte instructions'
  }
  if (list.every((entry) => typeof entry === 'string')) return fromHexInsns(list.join(''))
  const out = new Uint8Array(list.length * 8)
  for (const [slot, entry] of list.entries()) {
    const fields = Array.isArray(entry)
      ? entry
      : typeof entry === 'object' && entry !== null
        ? fieldsOf(entry as Record<string, unknown>)
        : []
    const [code, dst, src, off, imm] = fields.map((field) => (typeof field === 'string' ? Number(field) : field))
    const isInsn =
      inRange(code, 0, 255) &&
      inRange(dst, 0, 15) &&
      inRange(src, 0, 15) &&
      inRange(off, -0x8000, 0xffff) &&
      inRange(imm, -0x80000000, 0xffffffff)
    if (!isInsn) return `Entry ${slot} is no instruction (code, dst, src, off, imm)`
    writeInsn(out, slot, code as number, dst as number, src as number, off as number, imm as number)
  }
  return out
}

function fieldsOf(entry: Record<string, unknown>): unknown[] {
  const pick = (...names: string[]) => names.map((name) => entry[name]).find((field) => field !== undefined)
  return [
    pick('code', 'opcode', 'op'),
    pick('dst', 'dst_reg') ?? 0,
    pick('src', 'src_reg') ?? 0,
    pick('off', 'offset') ?? 0,
    pick('imm', 'immediate') ?? 0,
  ]
}

function inRange(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}
