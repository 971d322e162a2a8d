/**
 * The pinned word as its 64 bits in field cells, with names, values and meanings from the decoder. *Edit bits* opens a
 * copy to play with: it is decoded again at every change and never reaches the program.
 */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import {
  assembleWord,
  cost,
  decodeWord,
  describeWord,
  eccOf,
  fieldViews,
  printWord,
  relocationOf,
  wordAt,
  wordHex,
  wordsOf,
} from '@offload/nfp'
import type { FieldView } from '@offload/nfp'
import { unpin, useLink, useShown } from '../link/service'
import type { Judged } from '../stores/verdict'
import { notify } from '../stores/view'
import { costText, wordText } from './word-listing'

type Word = ReturnType<typeof wordAt>
type Image = NonNullable<Judged['compilation']['image']>

export function WordFields(): ReactElement {
  const { judged } = useShown()
  const pin = useLink((state) => state.pin)
  const { words, insns, lines } = useLink((state) => state.pinKin)
  const image = judged?.compilation.image
  const [chosen, setChosen] = useState<{ readonly pin: typeof pin; readonly offset: number }>({ pin, offset: 0 })
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
  const sorted = [...words].sort((a, b) => a - b)
  // A pinned word comes first, then the others that its instruction made.
  const first = pin.space === 'word' ? Math.max(0, sorted.indexOf(pin.start)) : 0
  const offset = Math.min(chosen.pin === pin ? chosen.offset : first, sorted.length - 1)
  const index = sorted[offset]
  const go = (to: number): void => setChosen({ pin, offset: Math.max(0, Math.min(sorted.length - 1, to)) })
  return (
    <section className="pane word-pane" aria-label="Word" data-testid="word-pane">
      <div className="pane-head">
        <h2>{index === undefined ? 'No word' : `Word ${index}`}</h2>
        <span className="mono ink2 ellipsis">
          {index === undefined ? '' : wordText(judged?.compilation.disassembly?.[index])}
        </span>
        {sorted.length > 1 && (
          <>
            <button type="button" className="btn small" aria-label="Previous word" onClick={() => go(offset - 1)}>
              ‹
            </button>
            <span className="nowrap">
              {offset + 1} of {sorted.length}
            </span>
            <button type="button" className="btn small" aria-label="Next word" onClick={() => go(offset + 1)}>
              ›
            </button>
          </>
        )}
        <span className="grow" />
        <span className="nowrap">
          pinned with <b className="ink1">insn {[...insns].join(', ') || '–'}</b>, line {[...lines].join(', ') || '–'}
        </span>
        <button type="button" className="btn line small" onClick={unpin}>
          Unpin <kbd>L</kbd>
        </button>
      </div>
      {index === undefined ? (
        <NoWord image={image} insns={insns} />
      ) : (
        <WordBits
          key={`${index}.${wordHex(image.words, index)}`}
          image={image}
          relocated={judged?.compilation.relocated}
          index={index}
        />
      )}
    </section>
  )
}

function NoWord({ image, insns }: { readonly image: Image; readonly insns: ReadonlySet<number> }): ReactElement {
  const notes = image.notes.filter((note) => insns.has(note.insn))
  return (
    <div className="empty">
      {notes.length === 0 && <p>The pinned instruction made no words.</p>}
      {notes.map((note) => (
        <p key={`${note.insn}.${note.pass}`}>
          Insn {note.insn} made no words: {note.kind} by <b>{note.pass}</b>: {note.reason}.
        </p>
      ))}
    </div>
  )
}

/** Fields from bit 63 down; bits that no field claims are cells without a name. */
function cellsOf(fields: readonly FieldView[]): FieldView[] {
  const cells: FieldView[] = []
  const gap = (msb: number, lsb: number): void => {
    // Unclaimed bits above 44 stand apart from those of the instruction.
    if (msb > 44 && lsb <= 44) {
      gap(msb, 45)
      gap(44, lsb)
    } else if (msb >= lsb) cells.push({ name: '', msb, lsb, value: -1, meaning: 'fixed for words of this kind' })
  }
  let next = 63
  for (const field of fields) {
    if (field.msb > next) continue
    gap(next, field.msb + 1)
    cells.push(field)
    next = field.lsb - 1
  }
  gap(next, 0)
  return cells
}

const bitOf = (word: Word, position: number): number =>
  position > 31 ? (word.hi >>> (position - 32)) & 1 : (word.lo >>> position) & 1

function withBit(word: Word, position: number, bit: number): Word {
  const flip = bitOf(word, position) !== bit
  const { lo, hi } = word
  if (!flip) return word
  return position > 31 ? { lo, hi: (hi ^ (1 << (position - 32))) >>> 0 } : { lo: (lo ^ (1 << position)) >>> 0, hi }
}

function withField(word: Word, { msb, lsb }: FieldView, value: number): Word {
  let result = word
  for (let position = lsb; position <= msb; position++)
    result = withBit(result, position, Math.floor(value / 2 ** (position - lsb)) % 2)
  return result
}

const valueText = ({ msb, lsb, value }: FieldView): string => (msb - lsb < 4 ? `${value}` : `0x${value.toString(16)}`)

/** What fits under the cells: of a narrow field only whether it is set. */
function shortMeaning({ msb, lsb, value, meaning }: FieldView): string {
  if (meaning.startsWith('not set: ')) return 'no'
  return msb - lsb > 1 ? meaning : msb === lsb && value === 1 ? 'yes' : ''
}

/** The text of a word, or nothing where the decoder knows none. */
function textOf(word: Word): string {
  return decodeWord(word).class === 'invalid' ? 'no valid instruction' : printWord(word)
}

interface WordBitsProps {
  readonly image: Image
  readonly relocated: Image['words'] | undefined
  readonly index: number
}

export function WordBits({ image, relocated, index }: WordBitsProps): ReactElement {
  const original = useMemo(() => wordAt(image.words, index), [image, index])
  /** The edited copy, while *Edit bits* is on. */
  const [copy, setCopy] = useState<Word | undefined>(undefined)
  const [at, setAt] = useState<number | undefined>(undefined)
  const word = copy ?? original
  const cells = useMemo(() => cellsOf(fieldViews(word)), [word])
  const chosen = cells.find((cell) => at !== undefined && cell.msb >= at && cell.lsb <= at)
  const hex = wordHex(wordsOf([word]), 0)
  const changed = copy !== undefined && (copy.lo !== original.lo || copy.hi !== original.hi)
  return (
    <div className="word-detail">
      <div className="word-bits" tabIndex={0} role="group" aria-label="Bit fields">
        {cells.map((cell) => (
          <div
            key={cell.msb}
            className={[
              'bit-field',
              ...(cell === chosen ? ['on'] : []),
              ...(cell.lsb > 44 ? ['high'] : []),
              ...(cell.name === '' ? ['unnamed'] : []),
            ].join(' ')}
            onMouseEnter={() => setAt(cell.msb)}
            title={cell.name === '' ? cell.meaning : `${cell.name}: ${cell.meaning}`}
          >
            <span className="range">
              <span>{cell.msb}</span>
              {cell.msb - cell.lsb > 1 && <span>{cell.lsb}</span>}
            </span>
            <span className="cells">
              {[...Array(cell.msb - cell.lsb + 1).keys()].map((i) => {
                const position = cell.msb - i
                const bit = bitOf(word, position)
                const classes = [
                  ...(bit === 1 ? ['one'] : []),
                  ...(changed && bit !== bitOf(original, position) ? ['changed'] : []),
                ].join(' ')
                return copy === undefined ? (
                  <span key={position} className={classes}>
                    {bit}
                  </span>
                ) : (
                  <button
                    key={position}
                    type="button"
                    className={classes}
                    aria-label={`Bit ${position}, ${bit}`}
                    onFocus={() => setAt(position)}
                    onClick={() => setCopy(withBit(word, position, 1 - bit))}
                  >
                    {bit}
                  </button>
                )
              })}
            </span>
            {cell.name !== '' && (
              <>
                <small>{cell.name}</small>
                {copy === undefined ? (
                  <b>{valueText(cell)}</b>
                ) : (
                  <FieldInput cell={cell} onChange={(value) => setCopy(withField(word, cell, value))} />
                )}
                <span className="meaning">{shortMeaning(cell)}</span>
              </>
            )}
          </div>
        ))}
      </div>
      <div className="word-sentence">
        {copy === undefined ? (
          <>
            <span className="badge">{decodeWord(word).class}</span> <b>{describeWord(word)}</b>{' '}
          </>
        ) : (
          <CopyText key={hex} text={textOf(word)} hex={hex} onWord={setCopy} />
        )}
        {chosen !== undefined && chosen.name !== '' ? (
          <span>
            <b>
              {chosen.name} {valueText(chosen)}
            </b>{' '}
            <span className="ink2">{chosen.meaning}</span>
          </span>
        ) : (
          <span className="ink2">
            Here for {image.origins[index]?.reason ?? 'no known reason'}; {costText(cost(decodeWord(word)))} cycles.
          </span>
        )}
      </div>
      <div className="word-aside">
        {relocated !== undefined && (
          <>
            <span className="dim">As loaded</span>
            <span className="mono" data-testid="word-loaded">
              {wordHex(relocated, index)}
            </span>
          </>
        )}
        <span className="dim">
          ECC 0x{eccOf(word.lo, word.hi).toString(16)},{' '}
          {relocationOf(word) === 0 ? 'no relocation' : `relocation ${relocationOf(word)}`}
        </span>
        <span className="row">
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
          <button
            type="button"
            className="btn line small"
            aria-pressed={copy !== undefined}
            onClick={() => setCopy(copy === undefined ? original : undefined)}
          >
            {copy === undefined ? 'Edit bits' : 'Leave the copy'}
          </button>
        </span>
        {copy !== undefined && <span className="dim">A copy to try things on; the program keeps its word.</span>}
      </div>
    </div>
  )
}

/** A field's value as text; a whole number, also in hex. */
function FieldInput({
  cell,
  onChange,
}: {
  readonly cell: FieldView
  readonly onChange: (value: number) => void
}): ReactElement {
  const [text, setText] = useState<string | undefined>(undefined)
  const value = text === undefined ? cell.value : Number(text)
  const good = Number.isInteger(value) && value >= 0 && value < 2 ** (cell.msb - cell.lsb + 1)
  return (
    <input
      className="field small mono"
      aria-label={`${cell.name}, bits ${cell.msb} to ${cell.lsb}`}
      aria-invalid={!good}
      value={text ?? valueText(cell)}
      style={{ width: `calc(${Math.max(1, (text ?? valueText(cell)).length)}ch + 12px)` }}
      onChange={(event) => {
        setText(event.target.value)
        const next = Number(event.target.value)
        if (event.target.value !== '' && Number.isInteger(next) && next >= 0 && next < 2 ** (cell.msb - cell.lsb + 1))
          onChange(next)
      }}
      onBlur={() => setText(undefined)}
    />
  )
}

/** The copy's text and hex; either can be written. */
function CopyText({
  text,
  hex,
  onWord,
}: {
  readonly text: string
  readonly hex: string
  readonly onWord: (word: Word) => void
}): ReactElement {
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const attempt = (read: () => Word): void => {
    try {
      onWord(read())
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <span className="row">
      <input
        className="field small mono"
        aria-label="Word as text"
        size={44}
        defaultValue={text}
        aria-invalid={problem !== undefined}
        data-testid="word-text"
        onKeyDown={(event) => {
          if (event.key === 'Enter') attempt(() => assembleWord(event.currentTarget.value))
        }}
      />
      <input
        className="field small mono"
        aria-label="Word in hex"
        size={17}
        defaultValue={hex}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          const digits = event.currentTarget.value.trim().replace(/^0x/, '')
          attempt(() => {
            if (!/^[0-9a-f]{1,16}$/i.test(digits)) throw new Error('A word is up to 16 hex digits.')
            const full = digits.padStart(16, '0')
            return { hi: Number.parseInt(full.slice(0, 8), 16), lo: Number.parseInt(full.slice(8), 16) }
          })
        }}
      />
      {problem !== undefined && <span style={{ color: 'var(--fail)' }}>{problem}</span>}
    </span>
  )
}
