/**
 * One map as a table: a column a field, edited in place, with what changed and how fast. The host reads the card's
 * map over and over, as `bpftool map dump` would; writes go to the card while traffic runs.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { FormEvent, KeyboardEvent, ReactElement } from 'react'
import { protocolName } from '@offload/bpf'
import type { MapDef } from '@offload/bpf'
import type { MapView } from '@offload/session'
import { grouped, rate } from '../components/number-text'
import { useRun } from '../stores/run'
import { columnsOf, editField, formatField, isNumber, numberAt } from './typed-value'
import type { Column } from './typed-value'

export interface MapTableProps {
  readonly view: MapView
  /** Declaration, for the types; absent: bytes are shown as hex. */
  readonly definition: MapDef | undefined
  /** Keys are IP protocol numbers, so names stand beside them. */
  readonly protocolKeys: boolean
  readonly onUpdate: (key: string, value: string) => Promise<string | undefined>
  readonly onDelete: (key: string) => Promise<string | undefined>
  readonly raw: boolean
}

/** What a row was at the last reading, for flashes and rates. */
interface Memory {
  readonly value: string
  readonly at: number
  readonly perSecond: number
}

export function MapTable({ view, definition, protocolKeys, onUpdate, onDelete, raw }: MapTableProps): ReactElement {
  const keyColumns = useMemo(
    () => columnsOf(raw ? undefined : definition?.key, view.keySize, 'key'),
    [definition, raw, view.keySize],
  )
  const valueColumns = useMemo(
    () => columnsOf(raw ? undefined : definition?.value, view.valueSize, 'value'),
    [definition, raw, view.valueSize],
  )
  const memory = useRef(new Map<string, Memory>())
  const nanoseconds = useRun.getState().telemetry.nanoseconds
  const [error, setError] = useState<string | undefined>(undefined)

  const lead = valueColumns.find(isNumber)
  const rows = view.entries.map(({ key, value }) => {
    const before = memory.current.get(key)
    const elapsed = before === undefined ? 0 : (nanoseconds - before.at) / 1e9
    let perSecond = before?.perSecond ?? 0
    if (before !== undefined && lead !== undefined && elapsed > 0)
      perSecond = Math.max(0, Number(numberAt(value, lead) - numberAt(before.value, lead))) / elapsed
    return { key, value, before: before?.value, perSecond }
  })
  useEffect(() => {
    const next = new Map<string, Memory>()
    for (const row of rows) next.set(row.key, { value: row.value, at: nanoseconds, perSecond: row.perSecond })
    memory.current = next
    // Runs once a reading.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [view])
  const fastest = Math.max(1, ...rows.map((row) => row.perSecond))
  const fixed = view.type.includes('array')

  return (
    <>
      {error !== undefined && (
        <p
          className="badge fail"
          role="alert"
          style={{ margin: 8, height: 'auto', padding: '4px 8px', whiteSpace: 'normal' }}
          data-testid="map-error"
        >
          ✕ {error}
        </p>
      )}
      <table data-testid={`map-${view.name}`}>
        <thead>
          <tr>
            {keyColumns.map((column) => (
              <th key={column.name} scope="col">
                {protocolKeys ? 'protocol' : column.name}
              </th>
            ))}
            {valueColumns.map((column) => (
              <th key={column.name} scope="col" className="r">
                {column.name}
              </th>
            ))}
            {lead !== undefined && <th scope="col">per second</th>}
            {!fixed && (
              <th scope="col">
                <span className="visually-hidden">delete</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-key={row.key}>
              {keyColumns.map((column) => {
                const text = formatField(row.key, column)
                return (
                  <td key={column.name} className={raw ? 'mono' : undefined}>
                    {protocolKeys ? (
                      <>
                        <span className="dim" style={{ display: 'inline-block', width: 28 }}>
                          {text}
                        </span>
                        {protocolName(Number(text)).toUpperCase()}
                      </>
                    ) : (
                      text
                    )}
                  </td>
                )
              })}
              {valueColumns.map((column) => (
                <ValueCell
                  key={column.name}
                  column={column}
                  value={row.value}
                  before={row.before}
                  onCommit={async (value) => setError(await onUpdate(row.key, value))}
                  onBad={setError}
                />
              ))}
              {lead !== undefined && (
                <td className="ink2">
                  <span
                    className="rate-bar"
                    style={{ width: Math.max(row.perSecond > 0 ? 2 : 0, (row.perSecond / fastest) * 46) }}
                  />
                  {row.perSecond > 0 ? rate(row.perSecond) : '–'}
                </td>
              )}
              {!fixed && (
                <td className="r">
                  <button
                    type="button"
                    className="btn small"
                    aria-label={`Delete entry ${formatField(row.key, keyColumns[0]!)}`}
                    onClick={() => void onDelete(row.key).then(setError)}
                  >
                    ✕
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

interface ValueCellProps {
  readonly column: Column
  readonly value: string
  readonly before: string | undefined
  readonly onCommit: (value: string) => Promise<void>
  readonly onBad: (error: string | undefined) => void
}

/** A number that is a button until it is edited: Enter writes, Escape leaves. */
function ValueCell({ column, value, before, onCommit, onBad }: ValueCellProps): ReactElement {
  const [draft, setDraft] = useState<string | undefined>(undefined)
  const [bad, setBad] = useState(false)
  const text = formatField(value, column)
  const old = before === undefined ? undefined : formatField(before, column)
  const changed = old !== undefined && old !== text
  const shown = isNumber(column) && /^\d+$/.test(text) ? grouped(BigInt(text)) : text
  const rising = changed && isNumber(column) && numberAt(value, column) > numberAt(before!, column)

  const commit = (): void => {
    const parsed = editField(value, column, draft ?? '')
    setBad(!parsed.ok)
    if (!parsed.ok) {
      onBad(parsed.error)
      return
    }
    onBad(undefined)
    setDraft(undefined)
    void onCommit(parsed.hex)
  }
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') commit()
    else if (event.key === 'Escape') {
      setDraft(undefined)
      onBad(undefined)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  if (draft !== undefined)
    return (
      <td className="r">
        <input
          className="field small r"
          style={{ width: 110 }}
          aria-label={`${column.name}, Enter writes it to the card`}
          aria-invalid={bad}
          value={draft}
          autoFocus
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={keys}
          onBlur={() => {
            if (!bad) setDraft(undefined)
          }}
        />
      </td>
    )
  return (
    <td className={changed ? 'r flash' : 'r'}>
      <button
        type="button"
        className="cell"
        title={`Edit ${column.name}`}
        aria-label={`${column.name} ${text}, edit`}
        onClick={() => setDraft(text)}
      >
        {changed && (
          <span className="dim" style={{ fontSize: 9 }} aria-hidden="true">
            {rising ? '▲ ' : '▼ '}
          </span>
        )}
        {shown}
      </button>
    </td>
  )
}

interface AddEntryProps {
  readonly view: MapView
  readonly definition: MapDef | undefined
  readonly onUpdate: (key: string, value: string) => Promise<string | undefined>
  readonly onDone: () => void
}

/** A row of fields for a new entry. */
export function AddEntry({ view, definition, onUpdate, onDone }: AddEntryProps): ReactElement {
  const keyColumns = columnsOf(definition?.key, view.keySize, 'key')
  const valueColumns = columnsOf(definition?.value, view.valueSize, 'value')
  const [error, setError] = useState<string | undefined>(undefined)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    let key = '00'.repeat(view.keySize)
    let value = '00'.repeat(view.valueSize)
    for (const [part, columns] of [
      ['key', keyColumns],
      ['value', valueColumns],
    ] as const)
      for (const column of columns) {
        const text = form.get(`${part}.${column.name}`)
        const parsed = editField(part === 'key' ? key : value, column, typeof text === 'string' ? text : '')
        if (!parsed.ok) {
          setError(parsed.error)
          return
        }
        if (part === 'key') key = parsed.hex
        else value = parsed.hex
      }
    void onUpdate(key, value).then((failed) => {
      setError(failed)
      if (failed === undefined) onDone()
    })
  }
  return (
    <form className="add-entry" onSubmit={submit} aria-label={`New entry of ${view.name}`}>
      {keyColumns.map((column) => (
        <label key={`key.${column.name}`}>
          {column.name}
          <input className="field small" name={`key.${column.name}`} autoFocus={column === keyColumns[0]} size={8} />
        </label>
      ))}
      {valueColumns.map((column) => (
        <label key={`value.${column.name}`}>
          {column.name}
          <input className="field small" name={`value.${column.name}`} defaultValue="0" size={8} />
        </label>
      ))}
      <button type="submit" className="btn line small">
        Write
      </button>
      <button type="button" className="btn small" onClick={onDone}>
        Cancel
      </button>
      {error !== undefined && (
        <span className="badge fail" role="alert" data-testid="map-error">
          ✕ {error}
        </span>
      )}
    </form>
  )
}
