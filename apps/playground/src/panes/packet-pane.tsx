/** The last packets that left the chip, newest first, and the chosen one's life and bytes. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { dissect } from '@offload/packet'
import type { PacketRecord } from '@offload/nfp-chip'
import { Pane } from '../components/pane'
import { grouped } from '../components/number-text'
import { useRun } from '../stores/run'
import { cardCommands } from '../workers/engine'
import { PacketView } from './packet-view'

function usePackets(limit: number, hold: boolean): readonly PacketRecord[] {
  const [packets, setPackets] = useState<readonly PacketRecord[]>([])
  const stop = useRun((state) => state.stop)
  useEffect(() => {
    if (hold) return
    let dead = false
    const ask = async (): Promise<void> => {
      while (!dead) {
        if (useRun.getState().status !== 'starting') {
          const answer = await cardCommands.recentPackets(limit).catch(() => undefined)
          if (!dead && answer !== undefined) setPackets(answer)
        }
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
    void ask()
    return () => {
      dead = true
    }
  }, [limit, hold, stop])
  return packets
}

const GLYPH: Readonly<Record<PacketRecord['outcome'], string>> = {
  pass: '✓',
  drop: '✕',
  tx: '↩',
  aborted: '!',
  lost: '–',
}
/** Left out where the pane is narrow; the packet's own view has them. */
const WIDE: ReadonlySet<string> = new Set(['core', 'words'])
const COLOR: Readonly<Record<PacketRecord['outcome'], string>> = {
  pass: 'var(--v-pass)',
  drop: 'var(--v-drop)',
  tx: 'var(--v-tx)',
  aborted: 'var(--v-abort)',
  lost: 'var(--ink-3)',
}

export function PacketPane({ className }: { readonly className?: string }): ReactElement {
  const [chosen, setChosen] = useState<PacketRecord | undefined>(undefined)
  const packets = usePackets(60, chosen !== undefined)
  return (
    <Pane
      title="Packets"
      context={chosen === undefined ? 'the last that left the chip' : `#${chosen.number}`}
      className={className ?? ''}
      testId="packet-pane"
      controls={
        chosen !== undefined && (
          <button type="button" className="btn small line" onClick={() => setChosen(undefined)}>
            All packets
          </button>
        )
      }
    >
      {packets.length === 0 ? (
        <div className="empty">No packet has left the chip yet. Press Run, or step one packet.</div>
      ) : chosen === undefined ? (
        <table>
          <thead>
            <tr>
              {['no.', 'verdict', 'from → to', 'proto', 'bytes', 'core', 'words', 'cycles'].map((title) => (
                <th key={title} scope="col" className={WIDE.has(title) ? 'wide-only' : undefined}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {packets.map((packet) => {
              const found = dissect(packet.data)
              return (
                <tr key={packet.number} onClick={() => setChosen(packet)}>
                  <td>
                    <button type="button" className="cell" aria-label={`Packet ${packet.number}`}>
                      {packet.number}
                    </button>
                  </td>
                  <td style={{ color: COLOR[packet.outcome] }}>
                    {GLYPH[packet.outcome]} {packet.outcome}
                    {packet.queue >= 0 ? ` q${packet.queue}` : ''}
                  </td>
                  <td className="ellipsis" style={{ maxWidth: 230 }}>
                    {found.source} → {found.destination}
                  </td>
                  <td>{found.protocol}</td>
                  <td className="r">{packet.data.length}</td>
                  <td className="wide-only">{packet.core < 0 ? '–' : `${packet.core}.${packet.context}`}</td>
                  <td className="r wide-only">{packet.words}</td>
                  <td className="r">{grouped(packet.departed - packet.arrived)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      ) : (
        <>
          <dl className="life">
            <div>
              <dt>arrived</dt>
              <dd>cycle {grouped(chosen.arrived)}</dd>
            </div>
            <div>
              <dt>waited</dt>
              <dd>{grouped(Math.max(0, chosen.started - chosen.arrived))} cycles for a free thread</dd>
            </div>
            <div>
              <dt>ran</dt>
              <dd>
                {chosen.words} words on core {chosen.core}, thread {chosen.context}
              </dd>
            </div>
            <div>
              <dt>left</dt>
              <dd style={{ color: COLOR[chosen.outcome] }}>
                {GLYPH[chosen.outcome]} {chosen.outcome}
                {chosen.queue >= 0 ? `, queue ${chosen.queue}` : ''} at cycle {grouped(chosen.departed)}
              </dd>
            </div>
          </dl>
          <PacketView bytes={chosen.data} />
        </>
      )}
    </Pane>
  )
}
