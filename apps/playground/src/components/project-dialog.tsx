/** Projects saved in this browser, and the earlier versions that it kept by itself: open, rename, delete, save as. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { download } from '../link/downloads'
import { deleteProject, renameProject, saveProject, shelved } from '../link/shelf'
import type { Saved } from '../link/shelf'
import { useDocument } from '../stores/document'
import { notify, useView } from '../stores/view'
import { Dialog } from './dialog'

interface Shelved {
  readonly projects: readonly Saved[]
  readonly versions: readonly Saved[]
}

const close = (): void => useView.setState({ dialog: 'none' })
const when = (at: number): string => new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const lines = (saved: Saved): string => `${saved.document.source.split('\n').length} lines`

function open(saved: Saved): void {
  close()
  useDocument.getState().replace(saved.document)
  notify('info', `“${saved.document.title}” opened. What was here is among the earlier versions.`)
}

export function ProjectDialog(): ReactElement {
  const document = useDocument((state) => state.document)
  const [name, setName] = useState(document.title)
  const [list, setList] = useState<Shelved>()
  const [failed, setFailed] = useState<string>()

  const read = async (): Promise<void> => {
    const [projects, versions] = await Promise.all([shelved('projects'), shelved('versions')])
    setList({ projects, versions })
  }
  const perform = (work: Promise<unknown>): void => {
    work.then(read).catch((error: unknown) => setFailed(error instanceof Error ? error.message : String(error)))
  }
  useEffect(() => perform(Promise.resolve()), [])

  const title = name.trim()
  const taken = list?.projects.some(({ key }) => key === title) === true
  const save = (): void => {
    useDocument.getState().patch({ title })
    perform(saveProject({ ...document, title }))
  }
  return (
    <Dialog title="Projects" wide onClose={close}>
      {failed !== undefined && (
        <p role="alert" style={{ color: 'var(--fail)' }}>
          This browser keeps no projects ({failed}). Download the project as a file instead.
        </p>
      )}
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          if (title !== '') save()
        }}
      >
        <input
          className="field grow"
          aria-label="Name of the project"
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" className="btn prim" disabled={title === ''}>
          {taken ? 'Save over it' : 'Save'}
        </button>
        <button type="button" className="btn line" onClick={() => download('project')}>
          Download as a file
        </button>
      </form>
      <h3>Saved by name</h3>
      {list?.projects.length === 0 && <p className="dim">None yet. Save this one under a name above.</p>}
      <ul className="shelf" aria-label="Saved projects">
        {list?.projects.map((saved) => (
          <ProjectRow key={saved.key} saved={saved} perform={perform} />
        ))}
      </ul>
      <h3>Earlier versions</h3>
      <p className="dim">Every program that was accepted here and stood for four seconds, the last hundred.</p>
      <ul className="shelf" aria-label="Earlier versions">
        {list?.versions.map((saved) => (
          <li key={saved.key}>
            <button type="button" className="btn small grow ellipsis" onClick={() => open(saved)}>
              {saved.document.title}
            </button>
            <span className="dim">{lines(saved)}</span>
            <span className="dim">{when(saved.at)}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

function ProjectRow({
  saved,
  perform,
}: {
  readonly saved: Saved
  readonly perform: (work: Promise<unknown>) => void
}): ReactElement {
  const name = String(saved.key)
  const [renamed, setRenamed] = useState<string>()
  if (renamed !== undefined)
    return (
      <li>
        <form
          className="row grow"
          onSubmit={(event) => {
            event.preventDefault()
            setRenamed(undefined)
            const to = renamed.trim()
            if (to === '' || to === name) return
            if (useDocument.getState().document.title === name) useDocument.getState().patch({ title: to })
            perform(renameProject(name, to))
          }}
        >
          <input
            className="field small grow"
            aria-label={`New name of ${name}`}
            autoFocus
            maxLength={120}
            value={renamed}
            onChange={(event) => setRenamed(event.currentTarget.value)}
          />
          <button type="submit" className="btn small line">
            Rename
          </button>
        </form>
      </li>
    )
  return (
    <li>
      <button type="button" className="btn small grow ellipsis" onClick={() => open(saved)}>
        {name}
      </button>
      <span className="dim">{lines(saved)}</span>
      <span className="dim">{when(saved.at)}</span>
      <button type="button" className="btn small" aria-label={`Rename ${name}`} onClick={() => setRenamed(name)}>
        Rename
      </button>
      <button
        type="button"
        className="btn small"
        aria-label={`Delete ${name}`}
        onClick={() => perform(deleteProject(name))}
      >
        Delete
      </button>
    </li>
  )
}
