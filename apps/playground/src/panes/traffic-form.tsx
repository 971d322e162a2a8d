/** What arrives at the ports: presets, rate, and the mix kind by kind; or a capture that somebody dropped. */
import { useState } from 'react'
import type { FormEvent, ReactElement } from 'react'
import { PRESETS, lineRate, meanFrameSize } from '@offload/packet'
import type { FlowKind, TrafficSpec } from '@offload/packet'
import { Pane } from '../components/pane'
import { mpps } from '../components/number-text'
import { deviceOf } from '../stores/device'
import { useDocument } from '../stores/document'
import { openFile } from '../link/open-file'
import { setTraffic } from '../workers/engine'

const PROTOCOLS: readonly (readonly [string, Pick<FlowKind, 'l3' | 'l4' | 'tunnel'>])[] = [
  ['UDP', { l3: 'ipv4', l4: 'udp' }],
  ['TCP', { l3: 'ipv4', l4: 'tcp' }],
  ['ICMP', { l3: 'ipv4', l4: 'icmp' }],
  ['UDP over IPv6', { l3: 'ipv6', l4: 'udp' }],
  ['TCP over IPv6', { l3: 'ipv6', l4: 'tcp' }],
  ['TCP in IP-in-IP', { l3: 'ipv4', l4: 'tcp', tunnel: 'ipip' }],
  ['UDP in IP-in-IP', { l3: 'ipv4', l4: 'udp', tunnel: 'ipip' }],
  ['ARP', { l3: 'arp' }],
]

function protocolOf(kind: FlowKind): string {
  const tunnel = kind.l3 === 'ipip' ? 'ipip' : kind.tunnel
  const l3 = kind.l3 === 'ipip' ? 'ipv4' : kind.l3
  return (
    PROTOCOLS.find(([, form]) => form.l3 === l3 && form.l4 === kind.l4 && form.tunnel === tunnel)?.[0] ??
    `${l3} ${kind.l4 ?? ''} ${tunnel ?? ''}`.trim()
  )
}

function sizeText(size: FlowKind['size']): string {
  return typeof size === 'number' ? String(size) : size.map(([bytes, weight]) => `${bytes}:${weight}`).join(' ')
}

/** "60" or "60:3 590:1". */
export function parseSizes(text: string): FlowKind['size'] | undefined {
  const parts = text.trim().split(/[\s,]+/)
  const pairs = parts.map((part) => part.split(':').map(Number))
  if (
    pairs.some(
      ([bytes, weight]) =>
        bytes === undefined ||
        !Number.isInteger(bytes) ||
        bytes < 14 ||
        bytes > 9600 ||
        (weight !== undefined && !(weight > 0)),
    )
  )
    return undefined
  return pairs.length === 1 && pairs[0]![1] === undefined
    ? pairs[0]![0]!
    : pairs.map(([bytes, weight]) => [bytes!, weight ?? 1] as const)
}

const WHOLE_NUMBER = /^\d+$/

export function TrafficForm({ className }: { readonly className?: string }): ReactElement {
  const traffic = useDocument((state) => state.document.traffic)
  const device = useDocument((state) => deviceOf(state.document.device).profile)
  const [error, setError] = useState<string | undefined>(undefined)

  const apply = (spec: TrafficSpec): void => {
    void setTraffic({ kind: 'synthetic', spec }).then((answer) => setError(answer.ok ? undefined : answer.error))
  }
  if (traffic.kind === 'pcap')
    return (
      <Pane title="Traffic" context="replay" className={className ?? ''} testId="traffic-form">
        <div className="empty">
          <b style={{ color: 'var(--ink-1)' }} data-testid="replay-name">
            {traffic.name}
          </b>
          Packets of this capture arrive at port 0, {traffic.loop ? 'over and over' : 'once'},{' '}
          {traffic.rate > 0 ? `${mpps(traffic.rate)} million a second` : 'at their own times'}.
          <label className="row">
            Mpps
            <input
              className="field"
              style={{ width: 90 }}
              defaultValue={String(traffic.rate / 1e6)}
              onBlur={(event) => {
                const rate = Number(event.currentTarget.value) * 1e6
                if (rate > 0) void setTraffic({ ...traffic, rate })
              }}
            />
          </label>
          <button type="button" className="btn line" onClick={() => apply(PRESETS[0]!.spec)}>
            Back to synthetic traffic
          </button>
          <FileButton />
        </div>
      </Pane>
    )

  const { spec } = traffic
  const full = lineRate(meanFrameSize(spec.kinds), device.portGbps)
  const change = (index: number, part: Partial<FlowKind>): void =>
    apply({ ...spec, kinds: spec.kinds.map((kind, at) => (at === index ? { ...kind, ...part } : kind)) })
  const rate = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const text = new FormData(event.currentTarget).get('rate')
    const value = Number(typeof text === 'string' ? text : '')
    if (!(value > 0) || value > 1000)
      setError(`"${typeof text === 'string' ? text : ''}" is not a rate between 0 and 1000 Mpps.`)
    else {
      setError(undefined)
      apply({ ...spec, rate: value * 1e6 })
    }
  }
  return (
    <Pane
      title="Traffic"
      context={`${mpps(spec.rate)} Mpps, ${Math.round((spec.rate / full) * 100)} % of line`}
      className={className ?? ''}
      testId="traffic-form"
    >
      <div className="traffic-form">
        <div className="row" style={{ flexWrap: 'wrap' }} role="group" aria-label="Presets">
          {PRESETS.map((preset) => (
            <button key={preset.name} type="button" className="btn line small" onClick={() => apply(preset.spec)}>
              {preset.title}
            </button>
          ))}
        </div>
        <form className="row" onSubmit={rate} key={spec.rate}>
          <label className="row">
            <span className="dim">rate</span>
            <input
              className="field"
              name="rate"
              style={{ width: 84 }}
              defaultValue={String(spec.rate / 1e6)}
              aria-invalid={error !== undefined}
            />
            Mpps
          </label>
          <button type="submit" className="btn line">
            Set
          </button>
          <button type="button" className="btn" onClick={() => apply({ ...spec, rate: Math.floor(full) })}>
            Line rate
          </button>
          <label className="row" style={{ marginLeft: 'auto' }}>
            <input
              type="checkbox"
              checked={spec.poisson === true}
              onChange={(event) => apply({ ...spec, poisson: event.currentTarget.checked })}
            />
            bursty
          </label>
        </form>
        {error !== undefined && (
          <p className="badge fail" role="alert" style={{ height: 'auto', padding: '3px 6px', whiteSpace: 'normal' }}>
            ✕ {error}
          </p>
        )}
        <table>
          <thead>
            <tr>
              {['weight', 'protocol', 'port', 'flows', 'bytes', ''].map((title) => (
                <th key={title} scope="col">
                  {title === '' ? <span className="visually-hidden">remove</span> : title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {spec.kinds.map((kind, index) => (
              // A kind has no name of its own; its place in the mix is its identity.
              // oxlint-disable-next-line react/no-array-index-key
              <tr key={index}>
                <Cell
                  label="weight"
                  value={String(kind.weight)}
                  width={44}
                  parse={(text) => (Number(text) > 0 ? { weight: Number(text) } : undefined)}
                  onChange={(part) => change(index, part)}
                  onBad={setError}
                />
                <td>
                  <select
                    className="field small"
                    aria-label="protocol"
                    value={protocolOf(kind)}
                    onChange={(event) => {
                      const form = PROTOCOLS.find(([title]) => title === event.currentTarget.value)?.[1]
                      const { l4: _l4, tunnel: _tunnel, ...rest } = kind
                      if (form !== undefined)
                        apply({
                          ...spec,
                          kinds: spec.kinds.map((old, at) => (at === index ? { ...rest, ...form } : old)),
                        })
                    }}
                  >
                    {[...new Set([protocolOf(kind), ...PROTOCOLS.map(([title]) => title)])].map((title) => (
                      <option key={title}>{title}</option>
                    ))}
                  </select>
                </td>
                <Cell
                  label="destination port"
                  value={kind.dstPort === undefined ? '' : String(kind.dstPort)}
                  width={52}
                  parse={(text) =>
                    WHOLE_NUMBER.test(text) && Number(text) < 65536 ? { dstPort: Number(text) } : undefined
                  }
                  onChange={(part) => change(index, part)}
                  onBad={setError}
                />
                <Cell
                  label="flows"
                  value={String(kind.flows)}
                  width={60}
                  parse={(text) => (WHOLE_NUMBER.test(text) && Number(text) > 0 ? { flows: Number(text) } : undefined)}
                  onChange={(part) => change(index, part)}
                  onBad={setError}
                />
                <Cell
                  label="bytes"
                  value={sizeText(kind.size)}
                  width={76}
                  parse={(text) => {
                    const size = parseSizes(text)
                    return size === undefined ? undefined : { size }
                  }}
                  onChange={(part) => change(index, part)}
                  onBad={setError}
                />
                <td>
                  <button
                    type="button"
                    className="btn small"
                    aria-label="Remove this kind"
                    disabled={spec.kinds.length === 1}
                    onClick={() => apply({ ...spec, kinds: spec.kinds.filter((_, at) => at !== index) })}
                  >
                    ✕
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className="row">
          <button
            type="button"
            className="btn line small"
            onClick={() =>
              apply({
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
        <p className="dim" style={{ fontSize: 11, lineHeight: '16px' }}>
          Bytes are without FCS: 60 here is the “64 B” of data sheets. A mix of sizes is written 60:3 590:1. Drop a pcap
          or pcapng anywhere on the page to replay it.
        </p>
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

interface CellProps {
  readonly label: string
  readonly value: string
  readonly width: number
  readonly parse: (text: string) => Partial<FlowKind> | undefined
  readonly onChange: (part: Partial<FlowKind>) => void
  readonly onBad: (error: string | undefined) => void
}

function Cell({ label, value, width, parse, onChange, onBad }: CellProps): ReactElement {
  const [bad, setBad] = useState(false)
  const commit = (text: string): void => {
    if (text === value) return
    const part = parse(text)
    setBad(part === undefined)
    onBad(part === undefined ? `${label}: "${text}" cannot be used.` : undefined)
    if (part !== undefined) onChange(part)
  }
  return (
    <td>
      <input
        className="field small"
        style={{ width }}
        aria-label={label}
        aria-invalid={bad}
        defaultValue={value}
        key={value}
        onBlur={(event) => commit(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit(event.currentTarget.value)
        }}
      />
    </td>
  )
}
