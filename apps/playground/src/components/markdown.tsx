/** The little Markdown that lessons use: paragraphs, lists, `code`, **bold**. Everything else stays text; no HTML. */
import type { ReactElement, ReactNode } from 'react'

function inline(text: string): ReactNode[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part, index) => {
    const key = `${index}`
    if (part.startsWith('`') && part.length > 2) return <code key={key}>{part.slice(1, -1)}</code>
    if (part.startsWith('**') && part.length > 4) return <b key={key}>{inline(part.slice(2, -2))}</b>
    return part
  })
}

export function Markdown({ text }: { readonly text: string }): ReactElement {
  return (
    <>
      {text.split(/\n\s*\n/).map((block, index) => {
        const lines = block.split('\n')
        const key = `${index}`
        if (!lines.every((line) => line.startsWith('- '))) return <p key={key}>{inline(lines.join(' '))}</p>
        return (
          <ul key={key}>
            {lines.map((line) => (
              <li key={line}>{inline(line.slice(2))}</li>
            ))}
          </ul>
        )
      })}
    </>
  )
}
