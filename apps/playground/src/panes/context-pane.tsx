/** The contexts of one core: state, what each waits for, program counter, packet; and the registers of one of them. */
import { useEffect, useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import type { ContextView } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { useDocument } from '../stores/document'
import { useRun } from '../stores/run'
import { useVerdict } from '../stores/verdict'
import { cardCommands } from '../workers/engine'

export function useContexts(core: number): readonly ContextView[] {
  const [contexts, setContexts] = useState<readonly ContextView[]>([])
  const stop = useRun((state) => state.stop)
  const status = useRun((state) => state.status)
  useEffect(() => {
    let dead = false
    const ask = async (): Promise<void> => {
      do {
        if (useRun.getState().status !== 'starting') {
          const answer = await cardCommands.contexts(core).catch(() => undefined)
          if (!dead && answer !== undefined) setContexts(answer)
        }
        await new Promise((resolve) => setTimeout(resolve, 250))
      } while (!dead && status === 'running')
    }
    void ask()
    return () => {
      dead = true
    }
  }, [core, stop, status])
  return contexts
}

/** binutils' text of the program's word at a code-store address; undefined in the firmware. */
function useWordText(): (pc: number) => string | undefined {
  const words = useVerdict((state) => state.good?.compilation.disassembly)
  const firmware = useDocument((state) => state.document.firmware)
  const start = FIRMWARE_PROFILES[firmware].startOff[0] ?? 0
  return (pc) => words?.[pc - start]?.replace(/^\s*\.?\d+:?\s+/, '')
}

const hex32 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')

export function ContextPane({
  core,
  context,
  onContext,
  controls,
}: {
  readonly core: number
  readonly context: number
  readonly onContext: (context: number) => void
  readonly controls?: ReactNode
}): ReactElement {
  const contexts = useContexts(core)
  const stop = useRun((state) => state.stop)
  const textAt = useWordText()
  return (
    <Pane
      title="Threads"
      context={`mei${Math.floor(core / 10)}.me${core % 10}, core ${core}`}
      controls={controls}
      testId="context-pane"
    >
      <table>
        <thead>
          <tr>
            {['thread', 'state', 'waits for', 'packet', 'pc', 'executes next'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {contexts.map((view) => {
            const now =
              stop?.context !== undefined && stop.context.core === view.core && stop.context.context === view.context
            return (
              <tr
                key={view.context}
                className={view.context === context ? 'sel' : undefined}
                onClick={() => onContext(view.context)}
                style={now ? { background: 'var(--now-wash)' } : undefined}
              >
                <td>
                  <button type="button" className="cell" aria-pressed={view.context === context}>
                    {now ? '▸ ' : ''}
                    {view.context}
                  </button>
                </td>
                <td>{view.state}</td>
                <td className="dim">{view.waitingFor === '' ? '–' : view.waitingFor}</td>
                <td>{view.packet < 0 ? '–' : `#${view.packet}`}</td>
                <td className="mono">0x{view.pc.toString(16)}</td>
                <td className="mono ellipsis" style={{ maxWidth: 260 }}>
                  {textAt(view.pc) ?? <span className="dim">firmware</span>}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Pane>
  )
}

/** BPF registers live in pairs of both banks: r0 in A0 and A1, r1 in A2 and A3, …; the rest is the firmware's and the JIT's. */
export function RegisterPane({ core, context }: { readonly core: number; readonly context: number }): ReactElement {
  const contexts = useContexts(core)
  const [bank, setBank] = useState<'bpf' | 'gpr'>('bpf')
  const view = contexts.find((candidate) => candidate.context === context)
  const [before, setBefore] = useState<ContextView | undefined>(undefined)
  const [shown, setShown] = useState<ContextView | undefined>(undefined)
  if (view !== shown) {
    setBefore(shown?.core === view?.core && shown?.context === view?.context ? shown : undefined)
    setShown(view)
  }
  return (
    <Pane
      title="Registers"
      context={`core ${core}, thread ${context}`}
      testId="register-pane"
      controls={
        <Segmented
          label="Register set"
          small
          options={[
            ['bpf', 'BPF'],
            ['gpr', 'GPR'],
          ]}
          value={bank}
          onChange={setBank}
        />
      }
    >
      {view === undefined ? (
        <div className="empty">The card has not been started.</div>
      ) : bank === 'bpf' ? (
        <table>
          <tbody>
            {[...Array(11).keys()].map((register) => {
              const low = view.gprA[register * 2] ?? 0
              const high = view.gprA[register * 2 + 1] ?? 0
              const changed =
                before !== undefined && (before.gprA[register * 2] !== low || before.gprA[register * 2 + 1] !== high)
              return (
                <tr key={register}>
                  <td className="mono" style={{ width: 44 }}>
                    r{register}
                  </td>
                  <td className={changed ? 'mono flash' : 'mono'}>
                    <span className={high === 0 ? 'lo' : undefined}>{hex32(high)}</span> {hex32(low)}
                  </td>
                  <td className="dim">{high === 0 ? String(low >>> 0) : ''}</td>
                  <td className="r dim">
                    A{register * 2}·A{register * 2 + 1}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">no.</th>
              <th scope="col">bank A</th>
              <th scope="col">bank B</th>
            </tr>
          </thead>
          <tbody>
            {view.gprA.map((value, register) => (
              // Registers are named by their number.
              // oxlint-disable-next-line react/no-array-index-key
              <tr key={register}>
                <td>{register}</td>
                <td className={before !== undefined && before.gprA[register] !== value ? 'mono flash' : 'mono'}>
                  {hex32(value)}
                </td>
                <td
                  className={
                    before !== undefined && before.gprB[register] !== view.gprB[register] ? 'mono flash' : 'mono'
                  }
                >
                  {hex32(view.gprB[register] ?? 0)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Pane>
  )
}
