/** What a link carries besides the document as edited: the view, and where a run is to stop. */
import type { SessionDocument } from '@offload/session'
import { useView } from '../stores/view'
import { useLink } from './service'
import type { Target } from './tables'

export function sharedDocument(document: SessionDocument, stopAfter: number | undefined): SessionDocument {
  const { stopAfter: _old, view: _view, ...rest } = document
  const { layout, theme } = useView.getState()
  const { pin } = useLink.getState()
  return {
    ...rest,
    view: {
      layout,
      theme,
      ...(pin === undefined ? {} : { selection: selectionOf(pin) }),
    },
    ...(stopAfter === undefined ? {} : { stopAfter }),
  }
}

/** Lines of C have no number of their own in a document: what they became is pinned. */
function selectionOf({ space, start, end }: Target): NonNullable<NonNullable<SessionDocument['view']>['selection']> {
  if (space !== 'c') return { space: space === 'line' ? 'source' : space, start, end }
  const insns = [...useLink.getState().pinKin.insns].sort((a, b) => a - b)
  return { space: 'insn', start: insns[0] ?? 0, end: (insns.at(-1) ?? 0) + 1 }
}
