/** From when, how sure, under which assumptions: always visible, never scrolled away. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { useDocument } from '../stores/document'
import { useRun } from '../stores/run'
import { duration, ratioText } from './number-text'

/** Telemetry at a pace for reading: four times a second. */
export function useSlowTelemetry(everyMs = 250) {
  const [telemetry, setTelemetry] = useState(() => useRun.getState().telemetry)
  useEffect(() => {
    const timer = setInterval(() => setTelemetry(useRun.getState().telemetry), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return telemetry
}

export function HonestyStrip(): ReactElement {
  const telemetry = useSlowTelemetry()
  const status = useRun((state) => state.status)
  const sharedMemory = useRun((state) => state.sharedMemory)
  const stop = useRun((state) => state.stop)
  const speed = useRun((state) => state.speed)
  const document = useDocument((state) => state.document)
  const ratio = telemetry.realMs > 0 ? telemetry.nanoseconds / (telemetry.realMs * 1e6) : 0
  return (
    <footer className="strip" data-testid="honesty-strip" aria-label="How this simulation runs">
      <span>
        simulated <b>{duration(telemetry.nanoseconds)}</b>
      </span>
      <span>
        real <b>{(telemetry.realMs / 1000).toFixed(1)} s</b>
      </span>
      <span>
        {status === 'running' ? (
          <>
            speed <b>{ratioText(ratio)}</b>
            {speed !== null && ' (slowed down)'}
          </>
        ) : (
          <b>{status === 'failed' ? 'stopped' : status}</b>
        )}
      </span>
      {document.timeModel === 'exact' ? (
        <span>
          timing <b>exact</b>
        </span>
      ) : (
        <span className="warn">! timing {document.timeModel === 'quantum' ? 'approximate' : 'off'}</span>
      )}
      <span>
        firmware <b>{document.firmware}</b>
      </span>
      <span>
        kernel <b>{document.kernel}</b>
      </span>
      <span>
        seed <b>{document.seed}</b>
      </span>
      {sharedMemory ? (
        <span>
          workers <b>{Math.max(1, telemetry.workers)}</b>
        </span>
      ) : (
        <span className="warn">! no shared memory, 1 worker</span>
      )}
      {stop !== undefined && (
        <span title="The same document after the same number of packets has the same state, on any machine">
          after <b data-testid="packets-run">{stop.received}</b> packets, state{' '}
          <b className="mono" data-testid="state-hash">
            {stop.stateHash}
          </b>
        </span>
      )}
      <span className="grow" />
      <span className="last">Nothing leaves this page</span>
    </footer>
  )
}
