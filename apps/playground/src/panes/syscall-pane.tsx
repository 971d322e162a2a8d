/**
 * What goes on between programs and the kernel: every bpf() call with its attributes and errno, every callback of the
 * card's driver, and the objects with who holds them, which shows what a loader would leave behind.
 */
import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { errnoName } from '@offload/host'
import type { DriverStep, HostView, ObjectView, Syscall } from '@offload/host'
import { grouped } from '../components/number-text'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { useHostView } from './use-host-view'

type Part = 'calls' | 'driver' | 'objects'
const PARTS: readonly (readonly [Part, string])[] = [
  ['calls', 'calls'],
  ['driver', 'driver'],
  ['objects', 'objects'],
]

const micros = (nanoseconds: number): string => (nanoseconds / 1000).toFixed(1)

export function SyscallPane(): ReactElement {
  const [part, setPart] = useState<Part>('calls')
  const view = useHostView(400)
  return (
    <Pane
      title="System calls"
      context={view === undefined ? '' : summary(view, part)}
      testId="syscall-pane"
      controls={
        <>
          <Segmented label="Part" small options={PARTS} value={part} onChange={setPart} />
        </>
      }
    >
      {view === undefined ? (
        <div className="empty">The host starts with the first program that the card takes.</div>
      ) : part === 'calls' ? (
        <Calls calls={view.syscalls} />
      ) : part === 'driver' ? (
        <Steps steps={view.steps} />
      ) : (
        <Objects objects={view.objects} />
      )}
    </Pane>
  )
}

function summary(view: HostView, part: Part): string {
  if (part === 'objects') return `${view.objects.length} objects`
  if (part === 'calls') return `${grouped(Object.values(view.calls).reduce((sum, count) => sum + count, 0))} so far`
  const { alloc, free, lookup, update, delete: removed, getNext, getFirst } = view.messages
  return `${grouped(alloc + free + lookup + update + removed + getNext + getFirst)} control messages`
}

/** Keeps the end of a growing list in sight, unless somebody has scrolled up. */
function useEnd(length: number): React.RefObject<HTMLTableElement | null> {
  const table = useRef<HTMLTableElement>(null)
  const first = useRef(true)
  useEffect(() => {
    const body = table.current?.closest('.pane-body')
    if (!body) return
    if (first.current || body.scrollHeight - body.scrollTop - body.clientHeight < 120)
      body.scrollTop = body.scrollHeight
    first.current = false
  }, [length])
  return table
}

function Calls({ calls }: { readonly calls: readonly Syscall[] }): ReactElement {
  const table = useEnd(calls.at(-1)?.sequence ?? 0)
  return (
    <table ref={table}>
      <thead>
        <tr>
          {['µs', 'call', 'attributes', 'result'].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <tr key={call.sequence} className={call.errno === 0 ? undefined : 'refused'}>
            <td className="r dim">{micros(call.time)}</td>
            <td className="mono nowrap">
              {call.command}
              {call.more !== undefined && <span className="dim"> ×{grouped(call.more + 1)}</span>}
            </td>
            <td className="mono attributes">
              {Object.entries(call.attributes).map(([name, value]) => (
                <span key={name}>
                  <span className="dim">{name}=</span>
                  {value}{' '}
                </span>
              ))}
            </td>
            <td className="mono nowrap">
              {call.errno === 0 ? (call.result ?? 0) : `✕ ${errnoName(call.errno) ?? call.errno}`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const CALLBACKS: Readonly<Record<DriverStep['callback'], string>> = {
  map_alloc: 'make a map on the card',
  map_free: 'free a map',
  verifier_prep: 'prepare to judge',
  verify_insn: 'judge instructions',
  finalize: 'judge the whole',
  translate: 'translate',
  destroy: 'let a program go',
  load: 'put words on the card',
  stop: 'take a program off',
}

function Steps({ steps }: { readonly steps: readonly DriverStep[] }): ReactElement {
  const table = useEnd(steps.at(-1)?.sequence ?? 0)
  return (
    <table ref={table}>
      <thead>
        <tr>
          {['µs', 'callback', 'what for', 'detail', 'answer'].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {steps.map((step) => (
          <tr key={step.sequence} className={step.errno === 0 ? undefined : 'refused'}>
            <td className="r dim">{micros(step.time)}</td>
            <td className="mono nowrap">{step.callback}</td>
            <td>{CALLBACKS[step.callback]}</td>
            <td className="attributes">{step.detail}</td>
            <td className="mono nowrap">{step.errno === 0 ? 0 : `✕ ${errnoName(step.errno) ?? step.errno}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Objects({ objects }: { readonly objects: readonly ObjectView[] }): ReactElement {
  const open = objects.filter(({ descriptors }) => descriptors > 0)
  const freed = open.filter(({ heldBy }) => heldBy.length === 0)
  return (
    <>
      <p className="note" data-testid="leaks">
        {open.length === 0
          ? 'No loader has a descriptor open: what is here is held by pins, hooks and programs.'
          : `Loaders hold ${open.length} descriptors. When they end, ${freed.length === 0 ? 'everything stays, held by what is named below' : `${freed.map(({ kind, id }) => `${kind} ${id}`).join(', ')} would be freed, the rest stays`}. A loader that runs for ever and never closes them leaks.`}
      </p>
      <table>
        <thead>
          <tr>
            {['id', 'object', 'where', 'open', 'held by'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {objects.map((object) => (
            <tr key={`${object.kind}.${object.id}`}>
              <td className="r">{object.id}</td>
              <td>
                {object.kind} <b>{object.name}</b> <span className="dim">{object.type}</span>
              </td>
              <td>{object.offloaded ? 'card' : 'host'}</td>
              <td className="r">{object.descriptors}</td>
              <td className="attributes">
                {object.heldBy.length === 0 ? 'its loader alone' : object.heldBy.join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
