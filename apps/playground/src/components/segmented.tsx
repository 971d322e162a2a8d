/** One choice of a few, side by side. */
import type { ReactElement } from 'react'

interface SegmentedProps<T extends string> {
  readonly label: string
  readonly options: readonly (readonly [value: T, text: string])[]
  readonly value: T
  readonly onChange: (value: T) => void
  readonly small?: boolean
}

export function Segmented<T extends string>({
  label,
  options,
  value,
  onChange,
  small,
}: SegmentedProps<T>): ReactElement {
  return (
    <div className={small === true ? 'seg small' : 'seg'} role="group" aria-label={label}>
      {options.map(([option, text]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {text}
        </button>
      ))}
    </div>
  )
}
