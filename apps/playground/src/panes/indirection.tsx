/**
 * The host's part of RSS: the default hash indexes a table of 128 queue numbers, as `ethtool -X` sets it. The table can be
 * spread over so many queues, or be changed entry by entry. A program that writes rx_queue_index does not look into it.
 */
import { useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { useDocument } from '../stores/document'
import { cardCommands } from '../workers/engine'

/** Entries of the card's indirection table, and of a row of it here. */
const TABLE = 128
const ROW = 16

export function Indirection({ queues }: { readonly queues: number }): ReactElement {
  const indirection = useDocument((state) => state.document.indirection)
  const patch = useDocument((state) => state.patch)
  const [error, setError] = useState<string | undefined>(undefined)
  const [open, setOpen] = useState(false)
  const table = indirection ?? Array.from({ length: TABLE }, (_, index) => index % queues)
  const used = new Set(table).size
  const apply = (next: readonly number[]): void =>
    void cardCommands.setIndirection(next).then((answer) => {
      setError(answer.ok ? undefined : answer.error)
      if (answer.ok) patch({ indirection: next })
    })
  const spread = (text: string): void => {
    const count = Number(text)
    if (!Number.isInteger(count) || count < 1 || count > queues) {
      setError(`From 1 to ${queues} queues.`)
      return
    }
    apply(Array.from({ length: TABLE }, (_, index) => index % count))
  }
  return (
    <div className="indirection">
      <div className="row">
        <label className="row dim">
          default hash over
          <input
            className="field small"
            style={{ width: 44 }}
            key={used}
            defaultValue={used}
            aria-label="Queues that the default hash is spread over"
            aria-invalid={error !== undefined}
            onBlur={(event) => {
              if (Number(event.currentTarget.value) !== used) spread(event.currentTarget.value)
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter') spread(event.currentTarget.value)
            }}
          />
          of {queues} queues
        </label>
        {error !== undefined && (
          <span className="badge fail" role="alert">
            ✕ {error}
          </span>
        )}
        <span className="grow" />
        <button type="button" className="btn small" aria-expanded={open} onClick={() => setOpen(!open)}>
          table
        </button>
      </div>
      {open && <Table table={table} queues={queues} onChange={apply} />}
    </div>
  )
}

interface TableProps {
  readonly table: readonly number[]
  readonly queues: number
  readonly onChange: (table: readonly number[]) => void
}

/** A grid of numbers: arrows move, a digit sets, a click takes the next queue. One entry at a time is in the tab order. */
function Table({ table, queues, onChange }: TableProps): ReactElement {
  const [at, setAt] = useState(0)
  const set = (index: number, queue: number): void => onChange(table.with(index, queue))
  const keys = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: ROW, ArrowUp: -ROW }[event.key]
    const digit = /^\d$/.test(event.key) ? Number(event.key) : undefined
    if (step !== undefined) {
      const next = Math.max(0, Math.min(TABLE - 1, at + step))
      setAt(next)
      event.currentTarget.querySelectorAll<HTMLElement>('button')[next]?.focus()
    } else if (digit !== undefined && digit < queues) set(at, digit)
    else return
    event.preventDefault()
  }
  return (
    <div
      className="indirection-table"
      role="group"
      aria-label="Indirection table: hash value to queue; arrows move, digits set"
      onKeyDown={keys}
    >
      {table.map((queue, index) => (
        <button
          // An entry is its place in the table.
          // oxlint-disable-next-line react/no-array-index-key
          key={index}
          type="button"
          tabIndex={index === at ? 0 : -1}
          aria-label={`hash ${index}: queue ${queue}`}
          onFocus={() => setAt(index)}
          onClick={() => set(index, (queue + 1) % queues)}
        >
          {queue}
        </button>
      ))}
    </div>
  )
}
