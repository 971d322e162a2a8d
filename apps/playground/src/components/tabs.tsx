/** Tabs of a pane. Arrow keys move between them, as the pattern asks. */
import { useRef } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'

interface TabsProps<T extends string> {
  readonly label: string
  readonly tabs: readonly (readonly [value: T, text: string])[]
  readonly value: T
  readonly onChange: (value: T) => void
  /** Id of the element that shows the chosen tab. */
  readonly panel: string
}

export function Tabs<T extends string>({ label, tabs, value, onChange, panel }: TabsProps<T>): ReactElement {
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const index = (tabs.findIndex(([tab]) => tab === value) + step + tabs.length) % tabs.length
    onChange(tabs[index]![0])
    list.current?.querySelectorAll('button')[index]?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {tabs.map(([tab, text]) => (
        <button
          key={tab}
          type="button"
          role="tab"
          aria-selected={tab === value}
          aria-controls={panel}
          tabIndex={tab === value ? 0 : -1}
          onClick={() => onChange(tab)}
        >
          {text}
        </button>
      ))}
    </div>
  )
}
