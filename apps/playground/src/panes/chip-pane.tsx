/** The chip as a picture or as a table of its cores. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { CONTEXT_STATES } from '@offload/nfp-chip'
import { ChipFlow } from '../charts/chip-flow'
import { useCurrentRates } from '../charts/use-rates'
import { DUTY, CORES_PER_ISLAND, ISLANDS, WORKERS_PER_ISLAND, workerIndex } from '../charts/chip-layout'
import { HeatScale } from '../components/heat-scale'
import { useSlowTelemetry } from '../components/honesty-strip'
import { Icon } from '../components/icons'
import { percent, rate } from '../components/number-text'
import { Pane } from '../components/pane'
import { deviceOf, useLineRate } from '../stores/device'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'

interface ChipPaneProps {
  readonly className?: string
  readonly selected?: number
  readonly onSelect?: (core: number) => void
}

export function ChipPane({ className, selected, onSelect }: ChipPaneProps): ReactElement {
  const [table, setTable] = useState(false)
  const device = useDocument((state) => deviceOf(state.document.device).profile)
  const line = useLineRate()
  const memory = useMemoryLine()
  const rates = useCurrentRates(500)
  const share = rates === undefined ? 0 : rates.rates.received / line.perSecond
  return (
    <Pane
      title="Chip"
      context={`${device.islands * device.workersPerIsland} of 60 cores run your program, ${device.contexts} threads each`}
      className={className ?? ''}
      fixed={!table}
      controls={
        <>
          <HeatScale from="idle" to="60 % busy" />
          <button
            type="button"
            className="btn ico"
            aria-pressed={table}
            aria-label={table ? 'Chip as a picture' : 'Chip as a table'}
            title={table ? 'As a picture' : 'As a table'}
            onClick={() => setTable(!table)}
          >
            {table ? Icon.chart : Icon.table}
          </button>
        </>
      }
    >
      {table ? (
        <CoreTable />
      ) : (
        <ChipFlow
          contexts={device.contexts}
          lineRate={line.perSecond}
          memory={memory}
          portLines={[`${Math.max(64, line.frame + 4)} B packets`, `${percent(share)} of line`]}
          selected={selected}
          onSelect={onSelect}
        />
      )}
    </Pane>
  )
}

/** What the memory box says: which maps live on the card. */
function useMemoryLine(): string {
  const program = useVerdict((state) => state.good?.compilation.program)
  const maps = program?.maps.filter((map) => map.type !== 'perf_event_array' && map.type !== 4) ?? []
  if (maps.length === 0) return 'no map of this program lives on the card'
  const names = maps.map((map) => map.name ?? 'unnamed')
  return `${names.length === 1 ? 'map' : 'maps'} ${names.join(', ')} ${names.length === 1 ? 'lives' : 'live'} here, in EMEM; each lookup waits for it`
}

function CoreTable(): ReactElement {
  const telemetry = useSlowTelemetry(500)
  const seconds = telemetry.nanoseconds / 1e9
  const rows: ReactElement[] = []
  for (let island = 0; island < ISLANDS; island++)
    for (let core = 0; core < CORES_PER_ISLAND; core++) {
      const duty = DUTY[`${island}.${core}`]
      const index = workerIndex(island, core)
      const contexts = Array.from(
        telemetry.contexts.slice(index * telemetry.contextsPerCore, (index + 1) * telemetry.contextsPerCore),
      )
      const busy = telemetry.busy[index] ?? 0
      rows.push(
        <tr key={`${island}.${core}`}>
          <td>
            mei{island}.me{core}
          </td>
          <td>{duty === undefined ? 'your program' : `firmware: ${duty.long}`}</td>
          <td className="r">{duty === undefined ? percent(telemetry.now === 0 ? 0 : busy / telemetry.now) : '–'}</td>
          <td className="r">{duty === undefined && seconds > 0 ? rate(busy / seconds) : '–'}</td>
          <td>{duty === undefined ? contexts.map((state) => CONTEXT_STATES[state]).join(', ') : ''}</td>
        </tr>,
      )
    }
  return (
    <table data-workers={ISLANDS * WORKERS_PER_ISLAND}>
      <thead>
        <tr>
          <th scope="col">core</th>
          <th scope="col">runs</th>
          <th scope="col" className="r">
            busy, whole run
          </th>
          <th scope="col" className="r">
            words per s
          </th>
          <th scope="col">contexts now</th>
        </tr>
      </thead>
      <tbody>{rows}</tbody>
    </table>
  )
}
