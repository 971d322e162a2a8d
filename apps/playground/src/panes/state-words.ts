/**
 * The verifier's notation in words: `pkt(off=14,r=34)` → "packet + 14, 34 B proven". Reads the kernel's text
 * (kernel log format, `R1=… fp-8=…`); what it does not know it leaves as it is.
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
  let word = ''
  const flush = (): void => {
    const match = /^((?:R\d+|fp-?\d+)(?:_r?w?)?)=(.*)$/s.exec(word)
    if (match !== null) parts.push({ name: match[1]!.replace(/_[rw]+$/, ''), value: match[2]! })
    word = ''
  }
  for (const char of text) {
    if (char === '(' || char === '{') depth++
    else if (char === ')' || char === '}') depth--
    if (char === ' ' && depth === 0) flush()
    else word += char
  }
  flush()
  return parts
}

const POINTERS: Readonly<Record<string, string>> = {
  ctx: 'context',
  pkt: 'packet',
  pkt_end: 'packet end',
  map_ptr: 'map',
  map_value: 'map value',
  map_value_or_null: 'map value or null',
  fp: 'frame pointer',
}

function fields(inner: string): Map<string, string> {
  const found = new Map<string, string>()
  let depth = 0
  let word = ''
  const flush = (): void => {
    const parts = word.split('=')
    const value = parts.at(-1) ?? ''
    for (const name of parts.slice(0, -1)) found.set(name.trim(), value)
    word = ''
  }
  for (const char of inner) {
    if (char === '(') depth++
    else if (char === ')') depth--
    if (char === ',' && depth === 0) flush()
    else word += char
  }
  flush()
  return found
}

function offsetText(off: string | undefined): string {
  if (off === undefined || off === '0') return ''
  return off.startsWith('-') ? ` − ${off.slice(1)}` : ` + ${off}`
}

export function explainValue(value: string): string {
  const frame = /^fp(-?\d+)?$/.exec(value)
  if (frame !== null) return frame[1] === undefined || frame[1] === '0' ? 'frame pointer' : `frame ${frame[1]}`
  if (/^P?-?\d+$/.test(value) || /^P?0x[0-9a-f]+$/.test(value)) return `number ${value.replace('P', '')}`
  const match = /^P?(\w+)\((.*)\)$/s.exec(value)
  if (match === null) {
    if (/^[m?0r]+$/.test(value)) return `bytes: ${value}`
    return value
  }
  const [, kind, inner] = match
  const found = fields(inner ?? '')
  if (kind === 'scalar') return scalarText(found)
  const name = POINTERS[kind!]
  if (name === undefined) return value
  if (kind === 'pkt')
    return `packet${offsetText(found.get('off'))}${found.has('umax') || found.has('smax') || found.has('var_off') ? ' + a variable' : ''}, ${found.get('r') ?? '0'} B proven`
  if (kind === 'map_ptr' || kind?.startsWith('map_value') === true) {
    const map = found.get('map')
    return `${name}${map === undefined ? '' : ` of ${map}`}${offsetText(found.get('off'))}`
  }
  return `${name}${offsetText(found.get('off'))}`
}

function scalarText(found: ReadonlyMap<string, string>): string {
  const low = found.get('umin') ?? found.get('smin')
  const high = found.get('umax') ?? found.get('smax')
  if (high !== undefined) return `number ${low ?? '0'}…${high}`
  if (low !== undefined) return `number, at least ${low}`
  const bits = found.get('var_off')
  return bits === undefined ? 'any number' : `number, bits ${bits}`
}
