/** The names of the text in order: program, types, constants, maps, functions, labels. One press goes to the place. */
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { symbolsOf } from '@offload/bpf'
import type { SymbolKind } from '@offload/bpf'
import { hover } from '../link/service'
import { useDocument } from '../stores/document'
import '../styles/language.css'

const MARK: Readonly<Record<SymbolKind, string>> = {
  program: '▸',
  function: 'ƒ',
  label: ':',
  map: '▦',
  constant: '=',
  type: '{}',
}

export function OutlinePane({ onGo }: { readonly onGo: (line: number) => void }): ReactElement {
  const source = useDocument((state) => state.document.source)
  const symbols = useMemo(() => symbolsOf(source), [source])
  if (symbols.length === 0) return <div className="empty">The text has no names yet.</div>
  return (
    <ul className="outline" aria-label="Outline" data-testid="outline" onMouseLeave={() => hover(undefined)}>
      {symbols.map(({ kind, name, detail, range, references }) => (
        <li key={`${kind} ${name} ${range.startLine}`} className={kind}>
          <button
            type="button"
            onClick={() => onGo(range.startLine)}
            onMouseEnter={() => hover({ space: 'line', start: range.startLine, end: range.startLine + 1 })}
          >
            <span className="mark" aria-hidden="true">
              {MARK[kind]}
            </span>
            <b>{name}</b>
            <span className="visually-hidden">, {kind}</span>
            <span className="dim grow">{detail}</span>
            <span className="dim">{references.length === 0 ? 'not used' : `used ${references.length}×`}</span>
            <span className="n">{range.startLine}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
