/** What a link carries besides the document as edited: the view, and where a run is to stop. */
import type { SessionDocument } from '@offload/session'
import { useView } from '../stores/view'
import { useLink } from './service'

export function sharedDocument(document: SessionDocument, stopAfter: number | undefined): SessionDocument {
  const { stopAfter: _old, view: _view, ...rest } = document
  const { layout, theme } = useView.getState()
  const { pin } = useLink.getState()
  return {
    ...rest,
    view: {
      layout,
      theme,
      ...(pin === undefined
        ? {}
        : { selection: { space: pin.space === 'line' ? 'source' : pin.space, start: pin.start, end: pin.end } }),
    },
    ...(stopAfter === undefined ? {} : { stopAfter }),
  }
}
