/**
 * One packet by hand: its layers and its bytes, both to be changed, both always the same packet. Lengths and checksums are
 * made right on request; a wrong one is marked, and may be sent as it is.
 */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { buildFrame, dissect, formatHex, parseHex, parseIpv4, parseIpv6, parseMac, repairFrame } from '@offload/packet'
import type { DissectedField, Layer } from '@offload/packet'
import { Menu } from '../components/menu'
import { Pane } from '../components/pane'
import { deviceOf } from '../stores/device'
import { useDocument } from '../stores/document'
import { notify } from '../stores/view'
import { cardCommands } from '../workers/engine'

const ETHERNET: Layer = { kind: 'ethernet' }
const IPV4: Layer = { kind: 'ipv4' }
const TEMPLATES: readonly (readonly [id: string, title: string, layers: readonly Layer[]])[] = [
  ['udp', 'UDP', [ETHERNET, IPV4, { kind: 'udp', dstPort: 53 }]],
  ['tcp', 'TCP SYN', [ETHERNET, IPV4, { kind: 'tcp', dstPort: 80, flags: 2 }]],
  ['icmp', 'ICMP echo', [ETHERNET, IPV4, { kind: 'icmp', type: 8 }]],
  ['arp', 'ARP request', [ETHERNET, { kind: 'arp', operation: 1 }]],
  ['udp6', 'UDP over IPv6', [ETHERNET, { kind: 'ipv6' }, { kind: 'udp', dstPort: 53 }]],
  ['vlan', 'VLAN', [ETHERNET, { kind: 'vlan', id: 100 }, IPV4, { kind: 'udp', dstPort: 53 }]],
  ['qinq', 'QinQ', [ETHERNET, { kind: 'vlan', id: 200 }, { kind: 'vlan', id: 100 }, IPV4, { kind: 'udp' }]],
  ['ipip', 'IP in IP', [ETHERNET, IPV4, IPV4, { kind: 'udp', dstPort: 53 }]],
  ['gre', 'GRE', [ETHERNET, IPV4, { kind: 'gre' }, IPV4, { kind: 'udp', dstPort: 53 }]],
  [
    'vxlan',
    'VXLAN',
    [ETHERNET, IPV4, { kind: 'udp', dstPort: 4789 }, { kind: 'vxlan', vni: 1 }, ETHERNET, IPV4, { kind: 'udp' }],
  ],
]
const frameOf = (layers: readonly Layer[]): Uint8Array => buildFrame(layers, { size: 64 })

/** Longest frame that a port takes (bytes, without FCS). */
const LONGEST = 9600

/** Kept over a change of layout. */
let kept = frameOf(TEMPLATES[0]![2])

export function HandPacketPane(): ReactElement {
  const [bytes, setBytes] = useState(kept)
  const [error, setError] = useState<string | undefined>(undefined)
  const ports = useDocument((state) => deviceOf(state.document.device).profile.ports)
  const [port, setPort] = useState(0)
  const change = (next: Uint8Array): void => {
    kept = next
    setError(undefined)
    setBytes(next)
  }
  const { layers } = dissect(bytes)
  const problems = layers.flatMap((layer) => layer.problems)
  const send = async (): Promise<void> => {
    const answer = await cardCommands.sendFrame(Math.min(port, ports - 1), bytes)
    if (!answer.ok) setError(answer.error)
    else notify('info', `Sent ${bytes.length} bytes to port ${Math.min(port, ports - 1)}.`)
  }
  return (
    <Pane
      title="One packet"
      context={`${bytes.length} bytes`}
      testId="hand-packet"
      controls={
        <>
          <Menu
            label="Begin with"
            text="New"
            right
            items={TEMPLATES.map(([id, title]) => ({ id, title }))}
            onChoose={(id) => change(frameOf(TEMPLATES.find(([one]) => one === id)![2]))}
          />
        </>
      }
      foot={
        <>
          <label className="row">
            port
            <select
              className="field small"
              aria-label="Port that the packet arrives at"
              value={Math.min(port, ports - 1)}
              onChange={(event) => setPort(Number(event.currentTarget.value))}
            >
              {[...Array(ports).keys()].map((number) => (
                <option key={number}>{number}</option>
              ))}
            </select>
          </label>
          <button
            type="button"
            className="btn line small"
            disabled={problems.length === 0}
            onClick={() => change(repairFrame(bytes))}
          >
            Repair lengths and sums
          </button>
          <span className="grow" />
          <button type="button" className="btn prim small" onClick={() => void send()} data-testid="send-packet">
            Send
          </button>
        </>
      }
    >
      {error !== undefined && (
        <p className="note">
          <span className="badge fail" role="alert">
            ✕ {error}
          </span>
        </p>
      )}
      <div className="hand-packet">
        <div>
          {layers.map((layer) => (
            <details key={`${layer.protocol}.${layer.offset}`} open>
              <summary className="branch">
                <b>{layer.title}</b>
                {layer.problems.map((problem) => (
                  <span key={problem} className="badge warn">
                    ! {problem}
                  </span>
                ))}
              </summary>
              {layer.fields.map((field) => (
                <FieldRow
                  key={`${field.name}.${field.offset}`}
                  layer={layer.title}
                  field={field}
                  bytes={bytes}
                  onChange={change}
                  onBad={setError}
                />
              ))}
            </details>
          ))}
        </div>
        <HexField bytes={bytes} onChange={change} onBad={setError} />
      </div>
    </Pane>
  )
}

/** Bytes for a field of `length`: an address, a decimal number, or hex. */
export function fieldBytes(text: string, length: number): Uint8Array | undefined {
  const value = text.trim()
  const address =
    length === 4 ? parseIpv4(value) : length === 6 ? parseMac(value) : length === 16 ? parseIpv6(value) : undefined
  if (address !== undefined) return address
  const hex = parseHex(value.replace(/^0x/i, '').padStart(length * 2, '0'))
  if (/^0x/i.test(value) || (length > 6 && hex !== undefined)) return hex?.length === length ? hex : undefined
  if (!/^\d+$/.test(value) || length > 6) return undefined
  const number = Number(value)
  if (number >= 256 ** length) return undefined
  return Uint8Array.from({ length }, (_, i) => Math.floor(number / 256 ** (length - 1 - i)) & 255)
}

/** What a field's bytes are, in the form in which they can be typed. */
function fieldText(field: DissectedField, bytes: Uint8Array): string {
  const part = bytes.subarray(field.offset, field.offset + field.length)
  const typed = fieldBytes(field.text.split(' ')[0] ?? '', field.length)
  return typed !== undefined && formatHex(typed) === formatHex(part)
    ? field.text.split(' ')[0]!
    : `0x${formatHex(part)}`
}

interface FieldRowProps {
  readonly layer: string
  readonly field: DissectedField
  readonly bytes: Uint8Array
  readonly onChange: (bytes: Uint8Array) => void
  readonly onBad: (error: string) => void
}

function FieldRow({ layer, field, bytes, onChange, onBad }: FieldRowProps): ReactElement {
  const text = fieldText(field, bytes)
  const commit = (typed: string): void => {
    if (typed === text) return
    const value = fieldBytes(typed, field.length)
    if (value === undefined) {
      onBad(`${field.name}: "${typed}" is no value of ${field.length} ${field.length === 1 ? 'byte' : 'bytes'}.`)
      return
    }
    const next = bytes.slice()
    next.set(value, field.offset)
    onChange(next)
  }
  return (
    <label className="branch packet-field">
      <span className="dim">{field.name}</span>
      <input
        className="field small mono"
        aria-label={`${layer}, ${field.name}`}
        key={text}
        defaultValue={text}
        spellCheck={false}
        onBlur={(event) => commit(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit(event.currentTarget.value)
        }}
      />
      <span className="dim ellipsis">{field.text === text ? '' : field.text}</span>
    </label>
  )
}

interface HexFieldProps {
  readonly bytes: Uint8Array
  readonly onChange: (bytes: Uint8Array) => void
  readonly onBad: (error: string) => void
}

/** Sixteen bytes a line; whatever is typed there and is a frame becomes the packet at once. */
function HexField({ bytes, onChange, onBad }: HexFieldProps): ReactElement {
  const printed = rows(bytes)
  const [typing, setTyping] = useState<string | undefined>(undefined)
  const type = (text: string): void => {
    setTyping(text)
    const digits = text.replaceAll(/\s/g, '')
    const parsed = parseHex(digits)
    if (parsed === undefined) onBad('Bytes are pairs of hex digits.')
    else if (parsed.length < 14 || parsed.length > LONGEST)
      onBad(`A frame has 14 to ${LONGEST} bytes; this has ${parsed.length}.`)
    else onChange(parsed)
  }
  return (
    <textarea
      className="field mono packet-bytes"
      aria-label="Bytes of the packet, hex"
      spellCheck={false}
      autoCapitalize="off"
      rows={Math.min(24, printed.split('\n').length + 1)}
      value={typing ?? printed}
      onFocus={() => setTyping(printed)}
      onBlur={() => setTyping(undefined)}
      onChange={(event) => type(event.currentTarget.value)}
    />
  )
}

function rows(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16)
    lines.push(Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, '0')).join(' '))
  return lines.join('\n')
}
