/** One packet as a tree of fields and as bytes; pointing at one lights the other. */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { dissect } from '@offload/packet'

interface Range {
  readonly from: number
  readonly to: number
}

export function PacketView({ bytes }: { readonly bytes: Uint8Array }): ReactElement {
  const dissection = useMemo(() => dissect(bytes), [bytes])
  const [lit, setLit] = useState<Range | undefined>(undefined)
  return (
    <div onMouseLeave={() => setLit(undefined)} data-testid="packet-view">
      <div className="tree">
        {dissection.layers.map((layer) => (
          <details
            key={`${layer.protocol}.${layer.offset}`}
            open={layer === dissection.layers.at(-1) || layer.protocol.startsWith('ipv')}
          >
            <summary
              className="branch"
              onMouseEnter={() => setLit({ from: layer.offset, to: layer.offset + layer.length })}
            >
              <b>{layer.title}</b>
              {layer.problems.map((problem) => (
                <span key={problem} className="badge warn">
                  ! {problem}
                </span>
              ))}
            </summary>
            {layer.fields.map((field) => (
              <div
                key={`${field.name}.${field.offset}`}
                className="branch"
                style={{ paddingLeft: 28 }}
                onMouseEnter={() => setLit({ from: field.offset, to: field.offset + field.length })}
              >
                <span className="dim">{field.name}</span>
                <span className="grow" />
                <span>{field.text}</span>
              </div>
            ))}
          </details>
        ))}
      </div>
      <HexDump bytes={bytes} lit={lit} onPoint={(at) => setLit(fieldAt(dissection.layers, at))} />
    </div>
  )
}

function fieldAt(layers: ReturnType<typeof dissect>['layers'], at: number): Range | undefined {
  for (const layer of layers)
    for (const field of layer.fields)
      if (at >= field.offset && at < field.offset + field.length)
        return { from: field.offset, to: field.offset + field.length }
  return undefined
}

interface HexDumpProps {
  readonly bytes: Uint8Array
  readonly lit?: Range | undefined
  readonly onPoint?: (at: number) => void
}

export function HexDump({ bytes, lit, onPoint }: HexDumpProps): ReactElement {
  const rows = Math.ceil(bytes.length / 16)
  return (
    <div className="hex" tabIndex={0} role="group" aria-label="Bytes">
      {[...Array(rows).keys()].map((row) => {
        const part = [...bytes.subarray(row * 16, row * 16 + 16)]
        return (
          <div key={row} style={{ display: 'contents' }}>
            <span className="off">{(row * 16).toString(16).padStart(4, '0')}</span>
            <span>
              {part.map((byte, index) => {
                const at = row * 16 + index
                const on = lit !== undefined && at >= lit.from && at < lit.to
                return (
                  <span
                    key={index}
                    className={on ? 'lit' : undefined}
                    onMouseEnter={onPoint === undefined ? undefined : () => onPoint(at)}
                  >
                    {byte.toString(16).padStart(2, '0')}
                    {index === 7 ? '  ' : ' '}
                  </span>
                )
              })}
            </span>
            <span className="dim">
              {part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '·')).join('')}
            </span>
          </div>
        )
      })}
    </div>
  )
}
