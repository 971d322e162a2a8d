/** All shortcuts, and the words that the page uses. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useView } from '../stores/view'
import { Dialog } from './dialog'
import { GLOSSARY } from './glossary'
import { SHORTCUTS } from './shortcuts'

export function HelpDialog(): ReactElement {
  const [filter, setFilter] = useState('')
  const wanted = filter.trim().toLowerCase()
  const terms = GLOSSARY.filter(
    ([term, text]) => wanted === '' || term.toLowerCase().includes(wanted) || text.toLowerCase().includes(wanted),
  )
  return (
    <Dialog title="Help" wide onClose={() => useView.setState({ dialog: 'none' })}>
      <p className="ink2">
        Everything on this page is the same program seen at another level: source line, BPF instruction, what the
        kernel’s verifier knows, NFP word, thread, packet, map entry. Point at one and the others light up; click to
        pin.
      </p>
      <h3>Keys</h3>
      <dl className="keys">
        {SHORTCUTS.map(({ keys, does, where }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>
              {does}
              {where === 'view' && <span className="dim"> (outside text fields)</span>}
            </dd>
          </div>
        ))}
      </dl>
      <h3>Words</h3>
      <input
        className="field"
        placeholder="Find a term"
        aria-label="Find a term"
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      <dl className="terms">
        {terms.map(([term, text]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {terms.length === 0 && <p className="dim">No term has these letters.</p>}
    </Dialog>
  )
}
