/** What arrives at the ports: presets, rate, times of arrival, and the mix kind by kind; the same as JSON; or a capture. */
import { useState } from 'react'
import type { FormEvent, ReactElement } from 'react'
import { PRESETS, lineRate, meanFrameSize, trafficProblems } from '@offload/packet'
import type { TrafficSpec } from '@offload/packet'
import type { ReplayTraffic } from '@offload/session'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { mpps } from '../components/number-text'
import { deviceOf } from '../stores/device'
import { useDocument } from '../stores/document'
import { openFile } from '../link/open-file'
import { setTraffic } from '../workers/engine'
import { NoDropSearch } from './no-drop-search'
import { Entry, KindRow } from './traffic-kind'
import { RATE_UNITS, parseRate, parseWhole, rateText } from './traffic-values'
import type { RateUnit } from './traffic-values'

type View = 'form' | 'json'
const VIEWS: readonly (readonly [View, string])[] = [
  ['form', 'form'],
  ['json', 'JSON'],
]

export function TrafficForm({ className }: { readonly className?: string }): ReactElement {
  const traffic = useDocument((state) => state.document.traffic)
  const device = useDocument((state) => deviceOf(state.document.device).profile)
  const [view, setView] = useState<View>('form')
  const [error, setError] = useState<string | undefined>(undefined)

  const apply = (spec: TrafficSpec): void => {
    const problem = trafficProblems(spec)[0]
    if (problem !== undefined) setError(`${problem.path}: ${problem.message}`)
    else void setTraffic({ kind: 'synthetic', spec }).then((answer) => setError(answer.ok ? undefined : answer.error))
  }
  if (traffic.kind === 'pcap')
    return <Replay traffic={traffic} className={className ?? ''} onEnd={() => apply(PRESETS[0]!.spec)} />

  const { spec } = traffic
  const full = lineRate(meanFrameSize(spec.kinds), device.portGbps)
  return (
    <Pane
      title="Traffic"
      context={`${mpps(spec.rate)} Mpps, ${Math.round((spec.rate / full) * 100)} % of line`}
      className={className ?? ''}
      testId="traffic-form"
      controls={<Segmented label="Traffic as" small options={VIEWS} value={view} onChange={setView} />}
    >
      <div className="traffic-form">
        {error !== undefined && (
          <p className="badge fail" role="alert" style={{ height: 'auto', padding: '3px 6px', whiteSpace: 'normal' }}>
            ✕ {error}
          </p>
        )}
        {view === 'json' ? (
          <SpecText spec={spec} onApply={apply} onBad={setError} />
        ) : (
          <>
            <div className="row wrap" role="group" aria-label="Presets">
              {PRESETS.map((preset) => (
                <button key={preset.name} type="button" className="btn line small" onClick={() => apply(preset.spec)}>
                  {preset.title}
                </button>
              ))}
            </div>
            <Rate spec={spec} gbps={device.portGbps} onApply={apply} onBad={setError} />
            <Arrival spec={spec} ports={device.ports} onApply={apply} onBad={setError} />
            <NoDropSearch onUse={(rate) => apply({ ...spec, rate })} />
            <Mix spec={spec} ports={device.ports} onApply={apply} onBad={setError} />
            <p className="dim" style={{ fontSize: 11, lineHeight: '16px' }}>
              Bytes are without FCS: 60 here is the “64 B” of data sheets. A mix of sizes is written 60:3 590:1, or
              imix; addresses 10.0.0.1 ×256. Drop a pcap or pcapng anywhere on the page to replay it.
            </p>
          </>
        )}
      </div>
    </Pane>
  )
}

interface PartProps {
  readonly spec: TrafficSpec
  readonly onApply: (spec: TrafficSpec) => void
  readonly onBad: (error: string | undefined) => void
}

function Rate({ spec, gbps, onApply, onBad }: PartProps & { readonly gbps: number }): ReactElement {
  const [unit, setUnit] = useState<RateUnit>('mpps')
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const entry = new FormData(event.currentTarget).get('rate')
    const text = typeof entry === 'string' ? entry : ''
    const rate = parseRate(text, unit, spec, gbps)
    if (rate === undefined) onBad(`"${text}" is no rate between 0 and 1000 Mpps.`)
    else onApply({ ...spec, rate })
  }
  return (
    <form className="row" onSubmit={submit} key={`${spec.rate} ${unit}`}>
      <label className="row">
        <span className="dim">rate</span>
        <input className="field" name="rate" style={{ width: 84 }} defaultValue={rateText(spec, unit, gbps)} />
      </label>
      <select
        className="field"
        aria-label="Unit of the rate"
        value={unit}
        onChange={(event) => setUnit(event.currentTarget.value as RateUnit)}
      >
        {RATE_UNITS.map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
      <button type="submit" className="btn line">
        Set
      </button>
      <button
        type="button"
        className="btn"
        onClick={() => onApply({ ...spec, rate: Math.floor(lineRate(meanFrameSize(spec.kinds), gbps)) })}
      >
        Line rate
      </button>
    </form>
  )
}

function Arrival({ spec, ports, onApply, onBad }: PartProps & { readonly ports: number }): ReactElement {
  const { poisson: _poisson, burst: _burst, ports: _ports, ...rest } = spec
  const kept = spec.ports === undefined ? {} : { ports: spec.ports }
  const mode = spec.burst === undefined ? (spec.poisson === true ? 'poisson' : 'even') : 'burst'
  const burst = spec.burst ?? { size: 32, gap: 0 }
  const used = spec.ports ?? [0]
  return (
    <div className="row wrap">
      <label className="row">
        <span className="dim">arrivals</span>
        <select
          className="field small"
          value={mode}
          onChange={(event) => {
            const next = event.currentTarget.value
            onApply({
              ...rest,
              ...kept,
              ...(next === 'poisson' ? { poisson: true } : next === 'burst' ? { burst } : {}),
            })
          }}
        >
          <option value="even">even</option>
          <option value="poisson">random (Poisson)</option>
          <option value="burst">bursts</option>
        </select>
      </label>
      {mode === 'burst' && (
        <>
          <Entry
            label="packets of a burst"
            value={String(burst.size)}
            width={44}
            onBad={onBad}
            onCommit={(text) => {
              const size = parseWhole(text, 1, 1_000_000)
              if (size !== undefined) onApply({ ...rest, ...kept, burst: { ...burst, size } })
              return size !== undefined
            }}
          />
          <span className="dim">each,</span>
          <Entry
            label="nanoseconds between them"
            value={String(burst.gap)}
            width={44}
            onBad={onBad}
            onCommit={(text) => {
              const gap = parseWhole(text, 0, 1_000_000)
              if (gap !== undefined) onApply({ ...rest, ...kept, burst: { ...burst, gap } })
              return gap !== undefined
            }}
          />
          <span className="dim">ns apart</span>
        </>
      )}
      <label className="row">
        <span className="dim">at</span>
        <select
          className="field small"
          aria-label="Ports that the traffic arrives at"
          value={used.length > 1 ? 'all' : String(used[0])}
          onChange={(event) => {
            const { value } = event.currentTarget
            const times = { ...(spec.poisson === true && { poisson: true }), ...(spec.burst && { burst: spec.burst }) }
            onApply({ ...rest, ...times, ports: value === 'all' ? [...Array(ports).keys()] : [Number(value)] })
          }}
        >
          {[...Array(ports).keys()].map((port) => (
            <option key={port} value={port}>
              port {port}
            </option>
          ))}
          {ports > 1 && <option value="all">all ports in turn</option>}
        </select>
      </label>
      <label className="row">
        <span className="dim">seed</span>
        <Entry
          label="seed"
          value={String(spec.seed)}
          width={56}
          onBad={onBad}
          onCommit={(text) => {
            const seed = parseWhole(text, 0, 0xffffffff)
            if (seed !== undefined) onApply({ ...spec, seed })
            return seed !== undefined
          }}
        />
      </label>
    </div>
  )
}

function Mix({ spec, ports, onApply, onBad }: PartProps & { readonly ports: number }): ReactElement {
  return (
    <>
      <table>
        <thead>
          <tr>
            {['weight', 'protocol', 'port', 'flows', 'bytes', ''].map((title) => (
              <th key={title} scope="col">
                {title === '' ? <span className="visually-hidden">more, remove</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spec.kinds.map((kind, index) => (
            <KindRow
              // A kind has no name of its own; its place in the mix is its identity.
              // oxlint-disable-next-line react/no-array-index-key
              key={index}
              kind={kind}
              ports={ports}
              removable={spec.kinds.length > 1}
              onChange={(next) => onApply({ ...spec, kinds: spec.kinds.with(index, next) })}
              onRemove={() => onApply({ ...spec, kinds: spec.kinds.filter((_, at) => at !== index) })}
              onBad={onBad}
            />
          ))}
        </tbody>
      </table>
      <div className="row">
        <button
          type="button"
          className="btn line small"
          onClick={() =>
            onApply({
              ...spec,
              kinds: [...spec.kinds, { weight: 10, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 60 }],
            })
          }
        >
          Add a kind
        </button>
        <span className="grow" />
        <FileButton />
      </div>
    </>
  )
}

/** The whole spec as JSON, taken when it is valid. */
function SpecText({ spec, onApply, onBad }: PartProps): ReactElement {
  const text = JSON.stringify(spec, undefined, 2)
  const commit = (typed: string): void => {
    if (typed === text) return
    try {
      onApply(JSON.parse(typed) as TrafficSpec)
    } catch (error) {
      onBad(`This is not JSON: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return (
    <textarea
      className="field mono spec-text"
      aria-label="Traffic as JSON"
      spellCheck={false}
      key={text}
      defaultValue={text}
      onBlur={(event) => commit(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.stopPropagation()
          commit(event.currentTarget.value)
        }
      }}
    />
  )
}

interface ReplayProps {
  readonly traffic: ReplayTraffic
  readonly className: string
  readonly onEnd: () => void
}

function Replay({ traffic, className, onEnd }: ReplayProps): ReactElement {
  return (
    <Pane title="Traffic" context="replay" className={className} testId="traffic-form">
      <div className="empty">
        <b style={{ color: 'var(--ink-1)' }} data-testid="replay-name">
          {traffic.name}
        </b>
        Packets of this capture arrive at port 0, {traffic.loop ? 'over and over' : 'once'},{' '}
        {traffic.rate > 0 ? `${mpps(traffic.rate)} million a second` : 'at their own times'}.
        <label className="row">
          Mpps, 0 for its own times
          <input
            className="field"
            style={{ width: 90 }}
            defaultValue={String(traffic.rate / 1e6)}
            onBlur={(event) => {
              const rate = Number(event.currentTarget.value) * 1e6
              if (rate >= 0 && rate !== traffic.rate) void setTraffic({ ...traffic, rate })
            }}
          />
        </label>
        <label className="row">
          <input
            type="checkbox"
            checked={traffic.loop}
            onChange={(event) => void setTraffic({ ...traffic, loop: event.currentTarget.checked })}
          />
          over and over
        </label>
        <button type="button" className="btn line" onClick={onEnd}>
          Back to synthetic traffic
        </button>
        <FileButton />
      </div>
    </Pane>
  )
}

/** Chooses a file as dropping one would. */
function FileButton(): ReactElement {
  return (
    <label className="btn line small">
      Replay a capture…
      <input
        type="file"
        className="visually-hidden"
        accept=".pcap,.pcapng,.cap"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          if (file !== undefined) void openFile(file)
        }}
      />
    </label>
  )
}
