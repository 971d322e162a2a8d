/** The amber bar of a stop: why, where, when. */
import type { ReactElement } from 'react'
import { useRun } from '../stores/run'
import { grouped } from './number-text'

export function StopBar(): ReactElement | null {
  const stop = useRun((state) => state.stop)
  const status = useRun((state) => state.status)
  if (status !== 'paused' || stop === undefined) return null
  const { context } = stop
  return (
    <div className="banner-top now">
      <span className="badge now">Paused</span>
      <b>
        {context === undefined
          ? 'Nothing is running'
          : `Core mei${Math.floor(context.core / 10)}.me${context.core % 10}, thread ${context.context}`}
      </b>
      <span className="ink2">
        {context === undefined
          ? 'the next packet has not arrived'
          : stop.programWord >= 0
            ? `about to execute word ${stop.programWord}`
            : `in the firmware, pc 0x${context.pc.toString(16)}`}
      </span>
      <span className="grow" />
      <span className="dim">
        packets <b style={{ color: 'var(--ink-1)' }}>{grouped(stop.received)}</b>
      </span>
      <span className="dim">
        cycle <b style={{ color: 'var(--ink-1)' }}>{grouped(Math.floor(stop.now))}</b>
      </span>
    </div>
  )
}
