/** The session as a link: self-contained, size shown, with the packets after which two people compare their state. */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { encodeLink } from '@offload/session'
import { sharedDocument } from '../link/share'
import { saveFile } from '../link/files'
import { useDocument } from '../stores/document'
import { useRun } from '../stores/run'
import { notify, useView } from '../stores/view'
import { Dialog } from './dialog'
import { bytesText } from './number-text'
import { QrCode } from './qr-code'

/** Beyond this chat programs and mail begin to cut links. */
const LONG_LINK = 8000

export function ShareDialog(): ReactElement {
  const document = useDocument((state) => state.document)
  const received = useRun((state) => state.stop?.received)
  const [bounded, setBounded] = useState(document.stopAfter !== undefined || received !== undefined)
  const [packets, setPackets] = useState(
    String(document.stopAfter ?? (received !== undefined && received > 0 ? received : 1000)),
  )
  const stopAfter = bounded && Number(packets) > 0 ? Math.floor(Number(packets)) : undefined
  const shared = useMemo(() => sharedDocument(document, stopAfter), [document, stopAfter])
  const link = useMemo(() => location.origin + location.pathname + encodeLink(shared), [shared])
  const close = (): void => useView.setState({ dialog: 'none' })
  const copy = (text: string, what: string): void => {
    navigator.clipboard.writeText(text).then(
      () => notify('info', `${what} copied, ${bytesText(text.length)}.`),
      () => notify('fail', 'The browser did not allow copying. Select the text and copy it by hand.'),
    )
  }
  return (
    <Dialog title="Share" onClose={close}>
      <p className="ink2">
        The link holds everything: program, device, traffic, map entries, seed. Nothing is uploaded.
      </p>
      <label className="row">
        <input type="checkbox" checked={bounded} onChange={(event) => setBounded(event.currentTarget.checked)} />
        Stop after
        <input
          className="field"
          style={{ width: 96 }}
          aria-label="Packets to run"
          value={packets}
          onChange={(event) => setPackets(event.currentTarget.value.replaceAll(/\D/g, ''))}
          disabled={!bounded}
        />
        packets and show the state hash, so that two people can compare
      </label>
      <div className="row">
        <input
          className="field grow mono"
          readOnly
          aria-label="Link"
          value={link}
          onFocus={(event) => event.currentTarget.select()}
          data-testid="share-link"
        />
        <button type="button" className="btn prim" onClick={() => copy(link, 'Link')}>
          Copy link
        </button>
      </div>
      <p
        className={link.length > LONG_LINK ? '' : 'dim'}
        style={link.length > LONG_LINK ? { color: 'var(--warn)' } : undefined}
      >
        {bytesText(link.length)}
        {link.length > LONG_LINK ? ': longer than some programs carry. Save a project file instead.' : ''}
      </p>
      <QrCode link={link} />
      <div className="row">
        <button
          type="button"
          className="btn line"
          onClick={() =>
            saveFile(
              `${document.title.replaceAll(/[^\w-]+/g, '-').toLowerCase()}.json`,
              JSON.stringify(shared, null, 2),
              'application/json',
            )
          }
        >
          Save project
        </button>
        <button
          type="button"
          className="btn line"
          onClick={() =>
            copy(
              `[![Offload Playground](${location.origin}${location.pathname}favicon.svg) ${document.title}](${link})`,
              'Markdown',
            )
          }
        >
          Copy as Markdown
        </button>
        <button
          type="button"
          className="btn line"
          onClick={() => {
            close()
            const { stopAfter: _old, ...rest } = document
            useDocument.getState().replace({ ...rest, ...(stopAfter === undefined ? {} : { stopAfter }) })
          }}
          data-testid="replay-here"
        >
          Run it here from the start
        </button>
      </div>
    </Dialog>
  )
}
