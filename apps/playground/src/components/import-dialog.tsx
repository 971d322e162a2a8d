/** A file with several programs: which one goes into the editor. Closing it leaves everything as it was. */
import type { ReactElement } from 'react'
import { openText } from '../link/import-program'
import { useImported } from '../stores/imported'
import { Dialog } from './dialog'
import '../styles/language.css'

const TYPE: Readonly<Record<string, string>> = { xdp: 'XDP', sched_cls: 'TC classifier', sched_act: 'TC action' }

export function ImportDialog(): ReactElement | null {
  const choice = useImported((state) => state.choice)
  if (choice === undefined) return null
  return (
    <Dialog title={`Programs in ${choice.file}`} onClose={() => useImported.setState({ choice: undefined })}>
      <p>Choose the one that goes into the editor.</p>
      <ul className="import-list" data-testid="import-choice">
        {choice.texts.map((text) => (
          <li key={text.name}>
            <button type="button" className="btn line" onClick={() => openText(text, choice.file)}>
              <b>{text.name}</b>
              {text.program !== undefined && (
                <span className="dim">
                  {TYPE[text.program.progType] ?? text.program.progType}, section {text.program.section},{' '}
                  {text.program.insns.length / 8} slots, {text.program.maps.length} maps
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
