/** One line of code, coloured. Text stays text: selectable and copyable. */
import { memo } from 'react'
import type { ReactElement } from 'react'
import { highlight } from './highlight'
import type { Grammar, PieceKind } from './highlight'

const CLASS: Readonly<Record<PieceKind, string>> = {
  key: 'k',
  num: 'nu',
  fn: 'fn',
  com: 'cm',
  type: 'ty',
  str: 'st',
  plain: '',
}

export const CodeText = memo(function CodeText({
  text,
  grammar,
}: {
  readonly text: string
  readonly grammar: Grammar
}): ReactElement {
  const out: (string | ReactElement)[] = []
  let at = 0
  for (const piece of highlight(text, grammar)) {
    if (piece.start > at) out.push(text.slice(at, piece.start))
    out.push(
      <span key={piece.start} className={CLASS[piece.kind]}>
        {text.slice(piece.start, piece.end)}
      </span>,
    )
    at = piece.end
  }
  if (at < text.length) out.push(text.slice(at))
  return <>{out}</>
})
