/** The pinned word as its 64 bits in field cells, with names, values and meanings from the encoder's own table. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { STORE, classOf, readField, wordAt, wordHex } from '@offload/nfp'
import type { Field } from '@offload/nfp'
import { unpin, useLink, useShown } from '../link/service'
import { notify } from '../stores/view'

export function WordFields(): ReactElement {
  const { judged } = useShown()
  const pin = useLink((state) => state.pin)
  const words = useLink((state) => state.pinKin.words)
  const insns = useLink((state) => state.pinKin.insns)
  const lines = useLink((state) => state.pinKin.lines)
  const image = judged?.compilation.image
  const sorted = [...words].sort((a, b) => a - b)
  const [offset, setOffset] = useState(0)
  const index = sorted[Math.min(offset, sorted.length - 1)]
  if (image === undefined || pin === undefined)
    return (
      <section className="pane word-pane" aria-label="Word">
        <div className="pane-head">
          <h2>Word</h2>
        </div>
        <div className="empty">
          Click a BPF instruction or a word to pin it: its kin lights up everywhere, and the word’s bit fields appear
          here.
        </div>
      </section>
    )
  return (
    <section className="pane word-pane" aria-label="Word" data-testid="word-pane">
      <div className="pane-head">
        <h2>{index === undefined ? 'No word' : `Word ${index}`}</h2>
        <span className="mono ink2 ellipsis">
          {index === undefined ? '' : (judged?.compilation.disassembly?.[index] ?? '').replace(/^\s*\.?\d+\s+/, '')}
        </span>
        {sorted.length > 1 && (
          <>
            <button
              type="button"
              className="btn small"
              aria-label="Previous word"
              onClick={() => setOffset(Math.max(0, Math.min(offset, sorted.length - 1) - 1))}
            >
              ‹
            </button>
            <span>
              {Math.min(offset, sorted.length - 1) + 1} of {sorted.length}
            </span>
            <button
              type="button"
              className="btn small"
              aria-label="Next word"
              onClick={() => setOffset(Math.min(sorted.length - 1, offset + 1))}
            >
              ›
            </button>
          </>
        )}
        <span className="grow" />
        <span>
          pinned with <b style={{ color: 'var(--ink-1)' }}>insn {[...insns].join(', ') || '–'}</b>, line{' '}
          {[...lines].join(', ') || '–'}
        </span>
        <button type="button" className="btn line small" onClick={unpin}>
          Unpin <kbd>L</kbd>
        </button>
      </div>
      {index === undefined ? (
        <div className="empty">
          {image.notes
            .filter((note) => insns.has(note.insn))
            .map((note) => (
              <p key={note.insn}>
                Insn {note.insn} made no words: {note.kind} by {note.pass}. {note.reason}
              </p>
            ))}
        </div>
      ) : (
        <Bits
          key={index}
          words={image.words}
          relocated={judged?.compilation.relocated}
          index={index}
          reason={image.origins[index]?.reason ?? ''}
        />
      )}
    </section>
  )
}

interface BitsProps {
  readonly words: Uint32Array
  readonly relocated: Uint32Array | undefined
  readonly index: number
  readonly reason: string
}

/** Fields from bit 63 down; bits that no field claims are cells without a name. */
function cellsOf(fields: readonly Field[]): Field[] {
  const ordered = [...fields].sort((a, b) => b.msb - a.msb)
  const cells: Field[] = []
  let next = 63
  for (const field of ordered) {
    if (field.msb > next) continue
    if (field.msb < next) cells.push({ name: '', msb: next, lsb: field.msb + 1, meaning: 'fixed for this class' })
    cells.push(field)
    next = field.lsb - 1
  }
  if (next >= 0) cells.push({ name: '', msb: next, lsb: 0, meaning: 'fixed for this class' })
  return cells
}

function Bits({ words, relocated, index, reason }: BitsProps): ReactElement {
  const word = wordAt(words, index)
  const layout = classOf(word)
  const cells = cellsOf([STORE.relocation, STORE.ecc, ...Object.values(layout?.fields ?? {})])
  const [chosen, setChosen] = useState<Field | undefined>(undefined)
  const bit = (position: number): number =>
    position > 31 ? (word.hi >>> (position - 32)) & 1 : (word.lo >>> position) & 1
  const hex = wordHex(words, index)
  return (
    <div className="pane-body" tabIndex={0} role="group" aria-label="Bit fields">
      <div className="bits">
        {cells.map((cell) => (
          <button
            type="button"
            key={cell.msb}
            className={chosen?.msb === cell.msb && chosen.name === cell.name ? 'bit-field on' : 'bit-field'}
            onMouseEnter={() => setChosen(cell)}
            onFocus={() => setChosen(cell)}
          >
            <span className="range">{cell.msb === cell.lsb ? cell.msb : `${cell.msb}–${cell.lsb}`}</span>
            <span className="cells">
              {[...Array(cell.msb - cell.lsb + 1).keys()].map((i) => (
                <span key={i} className={bit(cell.msb - i) === 1 ? 'one' : undefined}>
                  {bit(cell.msb - i)}
                </span>
              ))}
            </span>
            <small>{cell.name}</small>
            <b>
              {cell.name === ''
                ? ''
                : cell.msb - cell.lsb < 4
                  ? readField(word, cell)
                  : `0x${readField(word, cell).toString(16)}`}
            </b>
          </button>
        ))}
      </div>
      <div className="row" style={{ padding: '0 12px 10px', fontSize: 13 }}>
        <span className="badge">{layout?.name ?? 'no class'}</span>
        <span>
          {chosen === undefined || chosen.name === '' ? (
            <>
              <b>{reason}</b>
            </>
          ) : (
            <>
              <b>
                {chosen.name} = {readField(word, chosen)}
              </b>{' '}
              <span className="ink2">{chosen.meaning}</span>
            </>
          )}
        </span>
        <span className="grow" />
        {relocated !== undefined && (
          <span className="dim">
            as loaded <span className="mono ink2">{wordHex(relocated, index)}</span>
          </span>
        )}
        <button
          type="button"
          className="btn line small"
          onClick={() =>
            void navigator.clipboard.writeText(hex).then(
              () => notify('info', `${hex} copied.`),
              () => notify('fail', 'The browser did not allow copying.'),
            )
          }
        >
          Copy
        </button>
      </div>
    </div>
  )
}
