/**
 * What the page opens with: a link's document, else the one that was edited here last, else the default demo. A bad
 * link shows its error and opens what would have opened without it.
 */
import { decodeLink, validateDocument } from '@offload/session'
import type { SessionDocument } from '@offload/session'
import { useDocument } from '../stores/document'
import { notify, recall, remember, setTheme, useView } from '../stores/view'
import { useLink } from './service'
import { saveProject } from './shelf'

const KEY = 'offload.document'

export function restoreSession(): void {
  if (location.hash.length > 1) {
    if (openFragment(location.hash)) return
  }
  const saved = recall(KEY)
  if (saved === undefined) return
  try {
    const result = validateDocument(JSON.parse(saved))
    if (result.ok) open(result.document)
  } catch {
    // Not ours or half written: the demo opens instead.
  }
}

/** Open a link's fragment; false and a notice when it cannot be. */
export function openFragment(fragment: string): boolean {
  const result = decodeLink(fragment)
  if (!result.ok) {
    notify('fail', result.error)
    return false
  }
  open(result.document)
  return true
}

function open(document: SessionDocument): void {
  const { view } = document
  useDocument.getState().replace(document)
  if (view?.layout !== undefined) useView.setState({ layout: view.layout })
  if (view?.theme !== undefined) setTheme(view.theme)
  const selection = view?.selection
  if (selection !== undefined)
    useLink.setState({
      pin: {
        space: selection.space === 'source' ? 'line' : selection.space,
        start: selection.start,
        end: selection.end,
      },
    })
}

/** Keep the document in this browser half a second after each change. */
export function autosave(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  useDocument.subscribe(({ document }) => {
    if (timer !== undefined) clearTimeout(timer)
    timer = setTimeout(() => remember(KEY, JSON.stringify(document)), 500)
  })
  addEventListener('pagehide', () => {
    if (timer !== undefined) remember(KEY, JSON.stringify(useDocument.getState().document))
  })
}

/** As a project under its title; the document on screen is kept in any case. */
export async function saveNow(): Promise<void> {
  const { document } = useDocument.getState()
  remember(KEY, JSON.stringify(document))
  try {
    await saveProject(document)
    notify('info', `Saved in this browser as “${document.title}”.`)
  } catch (error) {
    notify('fail', `This browser keeps no projects (${String(error)}). Download the project as a file instead.`)
  }
}
