/** The line between two columns, draggable and movable with the arrow keys. Widths are kept in this browser. */
import { useState } from 'react'
import type { KeyboardEvent, PointerEvent, ReactElement } from 'react'
import { recall, remember } from '../stores/view'

interface SplitterProps {
  readonly label: string
  readonly size: number
  readonly min: number
  readonly max: number
  /** 1 when the sized column lies left of the line, -1 when right. */
  readonly direction: 1 | -1
  readonly onChange: (size: number) => void
}

export function Splitter({ label, size, min, max, direction, onChange }: SplitterProps): ReactElement {
  const clamp = (value: number): number => Math.max(min, Math.min(max, value))
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    const element = event.currentTarget
    const from = event.clientX
    element.setPointerCapture(event.pointerId)
    const move = (next: globalThis.PointerEvent): void => onChange(clamp(size + (next.clientX - from) * direction))
    const end = (): void => {
      element.removeEventListener('pointermove', move)
      element.removeEventListener('pointerup', end)
    }
    element.addEventListener('pointermove', move)
    element.addEventListener('pointerup', end)
  }
  const keys = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 16 : event.key === 'ArrowLeft' ? -16 : 0
    if (step === 0) return
    event.preventDefault()
    onChange(clamp(size + step * direction))
  }
  return (
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={Math.round(size)}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={drag}
      onKeyDown={keys}
    />
  )
}

/** A width that is remembered under a name. */
export function usePaneSize(name: string, initial: number): readonly [number, (size: number) => void] {
  const key = `offload.size.${name}`
  const [size, setSize] = useState(() => Number(recall(key)) || initial)
  return [
    size,
    (next) => {
      setSize(next)
      remember(key, String(Math.round(next)))
    },
  ]
}
