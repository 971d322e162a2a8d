/** The multiplier's result (nfp-isa.md, section 11), computed at the last steps from the operands of `start`. */

/** Low or high half of the product; `type` 1 is 24 x 8 bits, 2 is 16 x 16, 3 is 32 x 32, all unsigned. */
export function product(a: number, b: number, type: number, high: boolean): number {
  let x = a
  let y = b
  if (type === 1) {
    x &= 0xffffff
    y &= 0xff
  } else if (type === 2) {
    x &= 0xffff
    y &= 0xffff
  }
  if (!high) return Math.imul(x, y)
  const xh = x >>> 16
  const xl = x & 0xffff
  const yh = y >>> 16
  const yl = y & 0xffff
  const middle = xh * yl + ((xl * yl) >>> 16)
  const low = (middle & 0xffff) + xl * yh
  return (xh * yh + Math.floor(middle / 65536) + Math.floor(low / 65536)) | 0
}
