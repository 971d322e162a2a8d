/** A value against its limit: neutral below 80 %, then a warning, then a failure, always with a glyph. */
import type { ReactElement, ReactNode } from 'react'

interface MeterProps {
  readonly label: string
  readonly value: number
  readonly limit: number
  readonly unit: string
  readonly children?: ReactNode
}

export function Meter({ label, value, limit, unit, children }: MeterProps): ReactElement {
  const share = limit === 0 ? 0 : value / limit
  const level = share > 1 ? 'fail' : share > 0.8 ? 'warn' : ''
  const glyph = share > 1 ? '✕ ' : share > 0.8 ? '! ' : ''
  return (
    <div className={`meter ${level}`}>
      <div className="top">
        <span>{label}</span>
        <span className="grow" />
        <b>
          {glyph}
          {value.toLocaleString('en').replaceAll(',', '\u202f')}
        </b>
        <span>
          of {limit.toLocaleString('en').replaceAll(',', '\u202f')} {unit}
        </span>
      </div>
      <div className="bar" role="presentation">
        <i style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
      {children !== undefined && <div className="sub">{children}</div>}
    </div>
  )
}
