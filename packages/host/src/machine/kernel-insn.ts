/** One instruction from its fields, little-endian. */
export function encodeInsn(op: number, dst: number, src: number, off: number, imm: number): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  bytes[0] = op
  bytes[1] = dst | (src << 4)
  view.setInt16(2, off, true)
  view.setInt32(4, imm, true)
  return bytes
}
