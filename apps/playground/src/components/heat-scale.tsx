/** The legend of heat: seven steps, both ends named. */
import type { ReactElement } from 'react'

export function HeatScale({
  from,
  to,
  width = 74,
}: {
  readonly from: string
  readonly to: string
  readonly width?: number
}): ReactElement {
  const step = width / 7
  return (
    <span className="key">
      {from}
      <svg width={width} height="8" aria-hidden="true">
        {[0, 1, 2, 3, 4, 5, 6].map((level) => (
          <rect key={level} x={level * step} width={step} height="8" fill={`var(--h-${level})`} />
        ))}
      </svg>
      {to}
    </span>
  )
}

/** Step 0–6 of a share of the scale. */
export function heatLevel(share: number): number {
  return Math.max(0, Math.min(6, Math.round(share * 6)))
}
