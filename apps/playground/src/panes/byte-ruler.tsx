/** Bytes from a pointer on: which may be used, which an access wants. Drawn to scale; long stretches are shortened. */
import type { ReactElement } from 'react'
import type { Reach } from '@offload/verifier'

/** Cells that are drawn at most. */
const MOST = 16

interface Cell {
  readonly byte: number | undefined
  readonly allowed: boolean
  readonly wanted: boolean
}

/** The cells of a ruler; `byte` undefined stands for those that are left out. */
export function rulerCells({ allowed, first, last }: Reach): Cell[] {
  const from = Math.min(0, first)
  const cell = (byte: number): Cell => ({
    byte,
    allowed: byte >= 0 && byte < allowed,
    wanted: byte >= first && byte <= last,
  })
  const to = Math.max(last, allowed - 1)
  const all = Array.from({ length: Math.min(to - from + 1, 4096) }, (_, index) => index + from)
  if (all.length <= MOST) return all.map(cell)
  // The ends of both stretches are what matters.
  const near = (byte: number): boolean =>
    byte === from || Math.abs(byte - (allowed - 0.5)) < 2 || Math.abs(byte - first) <= 1 || Math.abs(byte - last) <= 1
  const cells: Cell[] = []
  for (const byte of all) {
    if (near(byte)) cells.push(cell(byte))
    else if (cells.at(-1)?.byte !== undefined)
      cells.push({ byte: undefined, allowed: byte >= 0 && byte < allowed, wanted: byte >= first && byte <= last })
  }
  return cells.slice(0, MOST + 4)
}

export function ByteRuler({ reach, insn }: { readonly reach: Reach; readonly insn: number }): ReactElement {
  const proven = reach.kind === 'packet' ? 'proven' : `in the ${reach.kind}`
  const label = `From ${reach.base}: ${reach.allowed} bytes ${proven}; instruction ${insn} wants bytes ${reach.first} to ${reach.last}.`
  return (
    <figure className="ruler" role="img" aria-label={label}>
      <div className="ruler-keys" aria-hidden="true">
        <span className="ok">
          ✓ {reach.allowed} B {proven}
        </span>
        <span className="fail">
          ✕ {reach.writes ? 'written' : 'read'} by insn {insn}
        </span>
      </div>
      <div className="ruler-row" aria-hidden="true">
        <span className="mono ruler-base">{reach.base} +</span>
        {rulerCells(reach).map(({ byte, allowed, wanted }, index) => (
          <span
            key={byte ?? `gap${index}`}
            className={`ruler-cell${allowed ? ' ok' : ''}${wanted ? ' wanted' : ''}${wanted && !allowed ? ' fail' : ''}${byte === undefined ? ' gap' : ''}`}
          >
            {byte ?? '…'}
          </span>
        ))}
      </div>
    </figure>
  )
}
