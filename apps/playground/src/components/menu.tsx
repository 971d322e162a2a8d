/** A button that opens a list of choices. Escape and a click elsewhere close it; arrows move inside. */
import { useEffect, useId, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement, ReactNode } from 'react'
import { Icon } from './icons'

export interface MenuItem {
  readonly id: string
  readonly title: string
  readonly detail?: string
  readonly checked?: boolean
}

interface MenuProps {
  readonly label: string
  readonly text: ReactNode
  readonly items: readonly MenuItem[]
  readonly onChoose: (id: string) => void
  readonly right?: boolean
  readonly testId?: string
}

export function Menu({ label, text, items, onChoose, right, testId }: MenuProps): ReactElement {
  const [open, setOpen] = useState(false)
  const anchor = useRef<HTMLDivElement>(null)
  const id = useId()

  useEffect(() => {
    if (!open) return
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && anchor.current?.contains(event.target) !== true) setOpen(false)
    }
    document.addEventListener('pointerdown', outside)
    anchor.current?.querySelector<HTMLButtonElement>('[role^=menuitem]')?.focus()
    return () => document.removeEventListener('pointerdown', outside)
  }, [open])

  const keys = (event: KeyboardEvent): void => {
    if (!open) return
    if (event.key === 'Escape') {
      event.stopPropagation()
      setOpen(false)
      anchor.current?.querySelector('button')?.focus()
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const buttons = [...(anchor.current?.querySelectorAll<HTMLButtonElement>('[role^=menuitem]') ?? [])]
    const index = buttons.findIndex((button) => button === document.activeElement)
    buttons[(index + step + buttons.length) % buttons.length]?.focus()
  }

  return (
    <div className="menu-anchor" ref={anchor} onKeyDown={keys}>
      <button
        type="button"
        className="btn"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {text} {Icon.chevron}
      </button>
      {open && (
        <div className={right === true ? 'menu right' : 'menu'} role="menu" id={id} aria-label={label}>
          {items.map((item) => (
            <button
              key={item.id}
              type="button"
              role="menuitemradio"
              aria-checked={item.checked === true}
              onClick={() => {
                setOpen(false)
                onChoose(item.id)
              }}
            >
              <b>{item.title}</b>
              {item.detail !== undefined && <span className="dim">{item.detail}</span>}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
