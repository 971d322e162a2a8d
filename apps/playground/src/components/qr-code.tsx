/** The link as a picture for a workshop's screen, on request. Beyond a QR code's capacity it says so. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { encode } from 'uqr'

/** Bytes that version 40 holds at the lowest correction. */
const CAPACITY = 2953
/** Quiet zone in modules, as the standard asks. */
const BORDER = 4

export function QrCode({ link }: { readonly link: string }): ReactElement {
  const [shown, setShown] = useState(false)
  if (link.length > CAPACITY) return <p className="dim">Too long for a QR code, which holds {CAPACITY} characters.</p>
  if (!shown)
    return (
      <div>
        <button type="button" className="btn line" onClick={() => setShown(true)} data-testid="show-qr">
          Show a QR code
        </button>
      </div>
    )
  const { data, size } = encode(link, { ecc: 'L', border: BORDER })
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="QR code of the link"
      shapeRendering="crispEdges"
      data-testid="qr"
    >
      <rect width={size} height={size} className="qr-paper" />
      <path d={path} className="qr-ink" />
    </svg>
  )
}
