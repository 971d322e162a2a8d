/** One kind of packet in the mix: its row in the table, and everything else that can be said of it in a fold below. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import type { FlowKind } from '@offload/packet'
import {
  changed,
  parsePayload,
  parseRange,
  parseSizes,
  parseWhole,
  payloadText,
  rangeText,
  sizeText,
} from './traffic-values'

const PROTOCOLS: readonly (readonly [string, Pick<FlowKind, 'l3' | 'l4'>])[] = [
  ['UDP', { l3: 'ipv4', l4: 'udp' }],
  ['TCP', { l3: 'ipv4', l4: 'tcp' }],
  ['ICMP', { l3: 'ipv4', l4: 'icmp' }],
  ['IPv4', { l3: 'ipv4', l4: 'none' }],
  ['UDP/IPv6', { l3: 'ipv6', l4: 'udp' }],
  ['TCP/IPv6', { l3: 'ipv6', l4: 'tcp' }],
  ['ICMPv6', { l3: 'ipv6', l4: 'icmp' }],
  ['IPv6', { l3: 'ipv6', l4: 'none' }],
  ['ARP', { l3: 'arp' }],
]

function protocolOf(kind: FlowKind): string {
  const l3 = kind.l3 === 'ipip' ? 'ipv4' : kind.l3
  return (
    PROTOCOLS.find(([, form]) => form.l3 === l3 && form.l4 === (l3 === 'arp' ? undefined : (kind.l4 ?? 'udp')))?.[0] ??
    'UDP'
  )
}

interface KindProps {
  readonly kind: FlowKind
  readonly ports: number
  readonly removable: boolean
  readonly onChange: (kind: FlowKind) => void
  readonly onRemove: () => void
  readonly onBad: (error: string | undefined) => void
}

export function KindRow({ kind, ports, removable, onChange, onRemove, onBad }: KindProps): ReactElement {
  const [open, setOpen] = useState(false)
  const cell = (label: string, value: string, width: number, parse: (text: string) => Changed | undefined) => (
    <td>
      <Entry
        label={label}
        value={value}
        width={width}
        onBad={onBad}
        onCommit={(text) => {
          const part = parse(text)
          if (part !== undefined) onChange(changed(kind, part))
          return part !== undefined
        }}
      />
    </td>
  )
  const whole = (field: keyof FlowKind, from: number, to: number) => (text: string) => {
    const value = parseWhole(text, from, to)
    return value === undefined ? undefined : { [field]: value }
  }
  return (
    <>
      <tr>
        {cell('weight', String(kind.weight), 40, (text) => (Number(text) > 0 ? { weight: Number(text) } : undefined))}
        <td>
          <select
            className="field small"
            aria-label="protocol"
            value={protocolOf(kind)}
            onChange={(event) => {
              const form = PROTOCOLS.find(([title]) => title === event.currentTarget.value)?.[1]
              if (form !== undefined) onChange(changed(kind, { l4: undefined, ...form }))
            }}
          >
            {PROTOCOLS.map(([title]) => (
              <option key={title}>{title}</option>
            ))}
          </select>
          {kind.tunnel !== undefined || kind.l3 === 'ipip' ? (
            <span className="dim"> in {kind.tunnel ?? 'ipip'}</span>
          ) : null}
        </td>
        {cell('port', String(kind.dstPort ?? ''), 52, (text) =>
          text === '' ? { dstPort: undefined } : whole('dstPort', 0, 65_535)(text),
        )}
        {cell('flows', String(kind.flows), 62, whole('flows', 1, 100_000_000))}
        {cell('bytes', sizeText(kind.size), 76, (text) => {
          const size = parseSizes(text)
          return size === undefined ? undefined : { size }
        })}
        <td className="nowrap">
          <button
            type="button"
            className="btn small"
            aria-expanded={open}
            aria-label={open ? 'Less about this kind' : 'More about this kind'}
            onClick={() => setOpen(!open)}
          >
            {open ? '▾' : '▸'}
          </button>
          <button
            type="button"
            className="btn small"
            aria-label="Remove this kind"
            disabled={!removable}
            onClick={onRemove}
          >
            ✕
          </button>
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={6}>
            <KindDetails kind={kind} ports={ports} onChange={onChange} onBad={onBad} />
          </td>
        </tr>
      )}
    </>
  )
}

type Changed = { readonly [Field in keyof FlowKind]?: FlowKind[Field] | undefined }

/** A field of text: empty takes it out of the kind; a value that cannot be used gives undefined. */
type TextField = readonly [
  label: string,
  value: (kind: FlowKind) => string,
  parse: (text: string) => Changed | undefined,
]

const whole =
  (field: 'vlan' | 'outerVlan' | 'srcPort' | 'ttl' | 'tos' | 'tcpFlags' | 'outerFlows', from: number, to: number) =>
  (text: string): Changed | undefined => {
    const value = parseWhole(text, from, to)
    return value === undefined ? undefined : { [field]: value }
  }
const numberOf =
  (field: 'vlan' | 'outerVlan' | 'srcPort' | 'ttl' | 'tos' | 'tcpFlags' | 'outerFlows') =>
  (kind: FlowKind): string =>
    String(kind[field] ?? '')
const range =
  (field: 'src' | 'dst') =>
  (text: string): Changed | undefined => {
    const value = parseRange(text)
    return value === undefined ? undefined : { [field]: value }
  }
const text =
  (field: 'srcMac' | 'dstMac' | 'ipOptions') =>
  (value: string): Changed => ({ [field]: value.trim() })

const FIELDS: readonly (readonly [keyof FlowKind, ...TextField])[] = [
  ['src', 'sources', (kind) => rangeText(kind.src), range('src')],
  ['dst', 'destinations', (kind) => rangeText(kind.dst), range('dst')],
  ['srcPort', 'source port', numberOf('srcPort'), whole('srcPort', 0, 65_535)],
  [
    'payload',
    'payload',
    (kind) => payloadText(kind.payload),
    (value) => {
      const payload = parsePayload(value)
      return payload === undefined ? undefined : { payload }
    },
  ],
  ['vlan', 'VLAN', numberOf('vlan'), whole('vlan', 0, 4095)],
  ['outerVlan', 'outer VLAN', numberOf('outerVlan'), whole('outerVlan', 0, 4095)],
  ['outerFlows', 'tunnel pairs', numberOf('outerFlows'), whole('outerFlows', 1, 1_000_000)],
  ['ttl', 'TTL', numberOf('ttl'), whole('ttl', 0, 255)],
  ['tos', 'TOS', numberOf('tos'), whole('tos', 0, 255)],
  ['tcpFlags', 'TCP flags', numberOf('tcpFlags'), whole('tcpFlags', 0, 255)],
  ['srcMac', 'source MAC', (kind) => kind.srcMac ?? '', text('srcMac')],
  ['dstMac', 'destination MAC', (kind) => kind.dstMac ?? '', text('dstMac')],
  ['ipOptions', 'IP options', (kind) => kind.ipOptions ?? '', text('ipOptions')],
]

interface DetailsProps {
  readonly kind: FlowKind
  readonly ports: number
  readonly onChange: (kind: FlowKind) => void
  readonly onBad: (error: string | undefined) => void
}

function KindDetails({ kind, ports, onChange, onBad }: DetailsProps): ReactElement {
  const choose = (
    label: string,
    value: string,
    options: readonly (readonly [string, string])[],
    take: (value: string) => Changed,
  ) => (
    <label>
      {label}
      <select
        className="field small"
        value={value}
        onChange={(event) => onChange(changed(kind, take(event.currentTarget.value)))}
      >
        {options.map(([option, title]) => (
          <option key={option} value={option}>
            {title}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <div className="kind-details">
      {choose(
        'tunnel',
        kind.l3 === 'ipip' ? 'ipip' : (kind.tunnel ?? ''),
        [
          ['', 'none'],
          ['ipip', 'IP in IP'],
          ['gre', 'GRE'],
          ['vxlan', 'VXLAN'],
        ],
        (value) => ({
          l3: kind.l3 === 'ipip' ? 'ipv4' : kind.l3,
          tunnel: value === '' ? undefined : (value as 'ipip' | 'gre' | 'vxlan'),
        }),
      )}
      {choose(
        'outside',
        kind.outer ?? 'ipv4',
        [
          ['ipv4', 'IPv4'],
          ['ipv6', 'IPv6'],
        ],
        (value) => ({ outer: value === 'ipv6' ? 'ipv6' : undefined }),
      )}
      {choose(
        'checksum',
        kind.badChecksum ?? '',
        [
          ['', 'right'],
          ['ip', 'IP header wrong'],
          ['l4', 'TCP/UDP wrong'],
        ],
        (value) => ({ badChecksum: value === '' ? undefined : (value as 'ip' | 'l4') }),
      )}
      {choose(
        'arrives at',
        String(kind.port ?? ''),
        [['', 'the ports above'], ...[...Array(ports).keys()].map((port) => [String(port), `port ${port}`] as const)],
        (value) => ({ port: value === '' ? undefined : Number(value) }),
      )}
      {FIELDS.map(([field, label, value, parse]) => (
        <label key={field}>
          {label}
          <Entry
            label={label}
            value={value(kind)}
            onBad={onBad}
            onCommit={(typed) => {
              const part = typed.trim() === '' ? { [field]: undefined } : parse(typed)
              if (part !== undefined) onChange(changed(kind, part))
              return part !== undefined
            }}
          />
        </label>
      ))}
    </div>
  )
}

interface EntryProps {
  readonly label: string
  readonly value: string
  readonly width?: number
  /** True when the text was taken. */
  readonly onCommit: (text: string) => boolean
  readonly onBad: (error: string | undefined) => void
}

export function Entry({ label, value, width, onCommit, onBad }: EntryProps): ReactElement {
  const [bad, setBad] = useState(false)
  const commit = (typed: string): void => {
    if (typed === value) {
      if (bad) onBad(undefined)
      setBad(false)
      return
    }
    const good = onCommit(typed)
    setBad(!good)
    onBad(good ? undefined : `${label}: "${typed}" cannot be used.`)
  }
  return (
    <input
      className="field small"
      style={width === undefined ? undefined : { width }}
      aria-label={label}
      aria-invalid={bad}
      spellCheck={false}
      defaultValue={value}
      key={value}
      onBlur={(event) => commit(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit(event.currentTarget.value)
      }}
    />
  )
}
