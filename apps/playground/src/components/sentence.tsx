/** A sentence with `code` in it. */
import type { ReactElement } from 'react'

export function Sentence({ text }: { readonly text: string }): ReactElement {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
}
