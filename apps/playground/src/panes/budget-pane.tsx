/** What the program costs on this card: code store, stack, and the packets per second that it can be run at. */
import type { ReactElement } from 'react'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { useSlowTelemetry } from '../components/honesty-strip'
import { Meter } from '../components/meter'
import { grouped, mpps } from '../components/number-text'
import { Pane } from '../components/pane'
import { useShown } from '../link/service'
import { deviceOf, useLineRate } from '../stores/device'
import { useDocument } from '../stores/document'

export function BudgetPane(): ReactElement {
  const { judged, tables } = useShown()
  const document = useDocument((state) => state.document)
  const telemetry = useSlowTelemetry()
  const device = deviceOf(document.device).profile
  const line = useLineRate()
  const image = judged?.compilation.image
  if (image === undefined || tables === undefined)
    return (
      <Pane title="Budget">
        <div className="empty">The budget appears with the words.</div>
      </Pane>
    )
  const firmware = FIRMWARE_PROFILES[document.firmware]
  const own = image.origins.filter((origin) => origin.insn >= 0).length
  const words = image.words.length / 2
  const cores = device.islands * device.workersPerIsland
  // Measured, not estimated: cycles that cores were busy, over packets that left.
  const busy = telemetry.busy.reduce((sum, cycles) => sum + cycles, 0)
  const perPacket = telemetry.received > 100 ? busy / telemetry.received : 0
  const coreLimit = perPacket === 0 ? 0 : (device.clockMHz * 1e6 * cores) / perPacket
  const removed = image.notes.filter((note) => note.kind === 'removed').length
  const merged = image.notes.length - removed
  return (
    <Pane title="Budget" context="this program">
      <div style={{ padding: '14px 12px', display: 'grid', gap: 16, alignContent: 'start' }}>
        <div>
          <div className="dim" style={{ fontSize: 11 }}>
            Ceiling on this card
          </div>
          <div style={{ fontSize: 22, lineHeight: '28px', fontWeight: 600, letterSpacing: -0.4 }}>
            {coreLimit === 0 ? '–' : mpps(Math.min(coreLimit, line.perSecond))}{' '}
            <small className="dim" style={{ fontSize: 12, fontWeight: 400 }}>
              Mpps
            </small>
          </div>
          <div className="dim" style={{ fontSize: 11, lineHeight: '15px', whiteSpace: 'normal' }}>
            {coreLimit === 0
              ? 'Run some traffic to measure it.'
              : coreLimit > line.perSecond
                ? `Set by the line, not by your program: the cores would manage ${mpps(coreLimit)}.`
                : `Set by your program: ${Math.round(perPacket)} cycles a packet on ${cores} cores. The line would carry ${mpps(line.perSecond)}.`}
          </div>
        </div>
        <Meter label="Code store" value={words} limit={firmware.maxLen} unit="words">
          {own} for the program, {words - own} entry, exit, padding
        </Meter>
        <Meter label="Stack in local memory" value={image.stackSize} limit={firmware.stackSize} unit="B">
          {image.subprograms.length <= 1 ? 'one frame' : `${image.subprograms.length} frames`}, rounded as the driver
          does
        </Meter>
        <Meter label="Packet bytes used" value={image.maxPktOffset} limit={firmware.inlineMtu} unit="B">
          what the verifier saw the program reach
        </Meter>
        <div>
          <div className="dim" style={{ fontSize: 11 }}>
            Cycles per packet, measured
          </div>
          <b>{perPacket === 0 ? '–' : grouped(Math.round(perPacket))}</b> <span className="dim">firmware included</span>
        </div>
        {image.notes.length > 0 && (
          <div style={{ whiteSpace: 'normal' }}>
            <div className="dim" style={{ fontSize: 11, marginBottom: 4 }}>
              {removed > 0 ? `${removed} instructions removed` : ''}
              {removed > 0 && merged > 0 ? ', ' : ''}
              {merged > 0 ? `${merged} merged` : ''}
            </div>
            <ul style={{ display: 'grid', gap: 4 }}>
              {image.notes.map((note) => (
                <li key={`${note.insn}.${note.pass}`} style={{ lineHeight: '16px' }}>
                  <b>insn {note.insn}</b> <span className="badge">{note.pass}</span>{' '}
                  <span className="ink2">{note.reason}</span>
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Pane>
  )
}
