/**
 * The verifier's notation in words: `pkt(off=14,r=34)` → "packet + 14, 20 B proven". Reads the kernel's text
 * (LOG-FORMAT.md, "Register state"); what it does not know it leaves as it is. Pure text, no engine behind it.
 */

export interface StatePart {
  /** `R1`, `fp-8`. */
  readonly name: string
  readonly value: string
}

/** Cut `R1=ctx() R10=fp0 fp-8=mmmm????` at the spaces outside brackets. */
export function splitState(text: string): StatePart[] {
  const parts: StatePart[] = []
  let depth = 0
  let start = 0
  const flush = (end: number): void => {
    const equals = text.indexOf('=', start)
    if (equals > start && equals < end) {
      const name = /^(R\d+|fp-?\d+)(?:_r?w?)?$/.exec(text.slice(start, equals))
      if (name !== null) parts.push({ name: name[1]!, value: text.slice(equals + 1, end) })
    }
    start = end + 1
  }
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '(' || char === '{') depth++
    else if (char === ')' || char === '}') depth--
    else if (char === ' ' && depth === 0) flush(at)
  }
  flush(text.length)
  return parts
}

/** What stands in the brackets of `pkt(id=1,off=14,r=20)`, by name; `smin=umin=4` names the value twice. */
export function valueFields(value: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const open = value.indexOf('(')
  if (open < 0) return found
  let depth = 0
  let start = open + 1
  const flush = (end: number): void => {
    const parts = value.slice(start, end).split('=')
    for (const name of parts.slice(0, -1)) found.set(name.trim(), parts.at(-1)!)
    start = end + 1
  }
  for (let at = start; at < value.length - 1; at++) {
    if (value[at] === '(') depth++
    else if (value[at] === ')') depth--
    else if (value[at] === ',' && depth === 0) flush(at)
  }
  flush(value.length - 1)
  return found
}

/** `pkt` of `pkt(off=14,r=34)`. */
export const valueKind = (value: string): string => /^P?([a-z]\w*)/.exec(value)?.[1] ?? ''

const POINTERS: Readonly<Record<string, string>> = {
  ctx: 'context',
  pkt: 'packet',
  pkt_meta: 'packet metadata',
  pkt_end: 'packet end',
  map_ptr: 'map',
  map_value: 'map value',
  map_value_or_null: 'map value or null',
  map_key: 'map key',
  fp: 'frame pointer',
  func: 'function',
  mem: 'memory',
  mem_or_null: 'memory or null',
  ringbuf_mem: 'ring buffer record',
  ringbuf_mem_or_null: 'ring buffer record or null',
}

/** A number of the kernel's text, hexadecimal or not, with its sign, in decimal where that is short. */
function numberText(text: string): string {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || Math.abs(number) > 0xffff_ffff) return text
  return number < 0 ? `−${-number}` : String(number)
}

function offsetText(off: string | undefined): string {
  if (off === undefined || off === '0') return ''
  return off.startsWith('-') ? ` − ${off.slice(1)}` : ` + ${numberText(off)}`
}

const isVariable = (found: ReadonlyMap<string, string>): boolean =>
  found.has('umax') || found.has('smax') || found.has('var_off')

/** One value in words. */
export function explainValue(value: string): string {
  const frame = /^fp(?:\[\d+\])?(-?\d+)?$/.exec(value)
  if (frame !== null)
    return frame[1] === undefined || frame[1] === '0' ? 'frame pointer' : `stack at fp${numberText(frame[1])}`
  if (/^[m?0r]{2,8}$/.test(value)) return bytesText(value)
  if (/^P?-?(\d+|0x[0-9a-f]+)$/.test(value)) return `number ${numberText(value.replace('P', ''))}`
  const kind = valueKind(value)
  if (!value.includes('(')) return value
  const found = valueFields(value)
  if (kind === 'scalar') return scalarText(found)
  const name = POINTERS[kind]
  if (name === undefined) return value
  const moved = `${offsetText(found.get('off'))}${isVariable(found) ? variableText(found) : ''}`
  if (kind === 'pkt' || kind === 'pkt_meta') {
    const proven = Number(found.get('r') ?? 0) - Number(found.get('off') ?? 0)
    return `${name}${moved}, ${Math.max(0, proven)} B proven`
  }
  if (kind.startsWith('map_')) {
    const map = found.get('map')
    return `${name}${map === undefined ? '' : ` of ${map}`}${moved}`
  }
  return `${name}${moved}`
}

/** ` + 20…60`: what was added and is not known exactly. */
function variableText(found: ReadonlyMap<string, string>): string {
  const low = found.get('umin') ?? found.get('smin') ?? '0'
  const high = found.get('umax') ?? found.get('smax')
  return high === undefined ? ' + a variable' : ` + ${numberText(low)}…${numberText(high)}`
}

function bytesText(value: string): string {
  const all = (letter: string): boolean => [...value].every((char) => char === letter)
  if (all('m')) return `${value.length} bytes of data`
  if (all('0')) return `${value.length} bytes of zero`
  const kinds = [
    ['m', 'data'],
    ['0', 'zero'],
    ['r', 'spilled'],
    ['?', 'never written'],
  ] as const
  const counts = kinds.map(([letter, name]) => [[...value].filter((char) => char === letter).length, name] as const)
  return counts.flatMap(([count, name]) => (count === 0 ? [] : [`${count} B ${name}`])).join(', ')
}

function scalarText(found: ReadonlyMap<string, string>): string {
  const low = found.get('umin') ?? found.get('smin')
  const high = found.get('umax') ?? found.get('smax')
  const bits = found.get('var_off')
  if (high !== undefined) {
    if ((low === undefined || Number(low) === 0) && Number(high) === 0xffff_ffff) return 'any 32-bit number'
    return `number ${numberText(low ?? '0')}…${numberText(high)}${stepText(bits)}`
  }
  if (low !== undefined) return `number, at least ${numberText(low)}`
  return bits === undefined ? 'any number' : `number, bits ${bits}`
}

/** `, step 4` where the low bits are known to be zero. */
function stepText(bits: string | undefined): string {
  const match = /^\((0x[0-9a-f]+); (0x[0-9a-f]+)\)$/.exec(bits ?? '')
  if (match === null) return ''
  const either = BigInt(match[1]!) | BigInt(match[2]!)
  const step = either & -either
  return step > 1n && step < 0x1_0000n ? `, step ${step}` : ''
}
