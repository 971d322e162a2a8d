/** A modal dialog on the browser's own element: focus trap, Escape and backdrop come with it. */
import { useEffect, useId, useRef } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { Icon } from './icons'

interface DialogProps {
  readonly title: string
  readonly wide?: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

export function Dialog({ title, wide, onClose, children }: DialogProps): ReactElement {
  const element = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const dialog = element.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={element}
      className={wide === true ? 'wide' : undefined}
      aria-labelledby={heading}
      onCancel={onClose}
      onClose={onClose}
    >
      <div className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <span className="grow" />
        <button type="button" className="btn ico" aria-label="Close" onClick={onClose}>
          {Icon.close}
        </button>
      </div>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}
