/**
 * What the program takes of this card: code store, stack, reach into packets, cycles on its dearest way and as measured,
 * and the packets per second that they allow. Each figure says where it comes from.
 */
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { cost, decodeAt } from '@offload/nfp'
import type { PathCost } from '@offload/nfp'
import { USUAL_WEIGHTS, helperCosts, imageBudget } from '@offload/nfp-jit'
import type { CalledProgram, NfpImage } from '@offload/nfp-jit'
import { firmwareOf } from '@offload/session'
import { useSlowTelemetry } from '../components/honesty-strip'
import { Meter } from '../components/meter'
import { grouped, mpps } from '../components/number-text'
import { pin, useShown } from '../link/service'
import { deviceOf, useLineRate } from '../stores/device'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'

export function Budget(): ReactElement {
  const { judged } = useShown()
  const document = useDocument((state) => state.document)
  const image = judged?.compilation.image
  const program = judged?.compilation.program
  const budget = useMemo(
    () =>
      image === undefined || program === undefined
        ? undefined
        : imageBudget(image, firmwareOf(document), { ...USUAL_WEIGHTS, program }),
    [image, program, document],
  )
  const measured = useMeasured(image, program)
  const line = useLineRate()
  const device = deviceOf(document.device).profile
  const cores = device.islands * device.workersPerIsland
  const perSecond = (cycles: number): number => (device.clockMHz * 1e6 * cores) / cycles
  if (image === undefined || budget === undefined)
    return <div className="empty">The budget appears with the words.</div>
  const own = image.origins.filter((origin) => origin.insn >= 0).length
  const { worst } = budget
  // Around the program's own words the firmware takes its share, known once packets have been measured.
  const firmware = measured === undefined ? 0 : Math.max(0, measured.cycles - measured.own)
  const worstRate = worst === undefined ? undefined : perSecond(worst.cycles + firmware)
  const typicalRate = measured === undefined ? undefined : perSecond(measured.cycles)
  const ceiling = Math.min(line.perSecond, typicalRate ?? worstRate ?? line.perSecond)
  const frames = image.subprograms.length
  return (
    <div className="budget">
      <div>
        <div className="dim fine">Ceiling on this card</div>
        <div className="figure">
          {mpps(ceiling)} <small>Mpps</small>
        </div>
        <div className="dim fine">
          {ceiling === line.perSecond
            ? `Set by the line (${Math.max(64, line.frame + 4)} B frames), not by your program.`
            : `Set by your program, ${cores} cores at ${device.clockMHz} MHz.`}{' '}
          {typicalRate === undefined ? 'Run traffic for the measured figure.' : ''}
        </div>
      </div>
      <Bars
        rows={[
          ['Line', line.perSecond],
          ['Measured', typicalRate],
          ['Worst path', worstRate],
        ]}
        ceiling={ceiling}
      />
      <Meter label="Code store" value={budget.code.used} limit={budget.code.limit} unit="words">
        {own} for the program, {budget.code.used - own} entry, exit, padding
      </Meter>
      <Meter label="Stack in local memory" value={budget.stack.used} limit={budget.stack.limit} unit="B">
        {frames <= 1 ? 'one frame' : `${frames} frames`}, rounded as the driver does
      </Meter>
      <Meter label="Packet bytes used" value={budget.packet.used} limit={budget.packet.limit} unit="B">
        what the verifier saw the program reach
      </Meter>
      <div data-testid="worst-path">
        <div className="row">
          <span>Worst path</span>
          <span className="grow" />
          <b>{worst === undefined ? '–' : grouped(worst.cycles)}</b> <span className="dim">cycles</span>
        </div>
        <div className="dim fine">
          {worst === undefined ? 'Every way loops: no bound is known.' : worstText(worst, budget.worstHelpers)}
          {measured !== undefined && ` · ${grouped(Math.round(firmware))} more in the firmware, as measured`}
        </div>
      </div>
      <div>
        <div className="row">
          <span>Measured</span>
          <span className="grow" />
          <b>{measured === undefined ? '–' : grouped(Math.round(measured.cycles))}</b>{' '}
          <span className="dim">cycles</span>
        </div>
        <div className="dim fine">
          {measured === undefined
            ? 'Needs a few hundred packets.'
            : `a packet, firmware included; ${measured.words.toFixed(1)} words of the program`}
        </div>
      </div>
      <Why image={image} />
    </div>
  )
}

function worstText({ cycles, swaps, helpers, loops }: PathCost, inHelpers: number): string {
  const waiting = swaps * (USUAL_WEIGHTS.memory ?? 0)
  const calls = `${helpers} ${helpers === 1 ? 'helper call' : 'helper calls'}`
  const parts = [`${cycles - waiting - inHelpers} issuing`, `${waiting} waiting for memory (${swaps} times)`]
  if (helpers > 0) parts.push(inHelpers > 0 ? `${inHelpers} typically in ${calls}` : `${calls} left to the firmware`)
  if (loops.length > 0) parts.push('each loop counted once')
  return parts.join(' · ')
}

interface Measured {
  /** Cycles that cores were busy, a packet: firmware and program. */
  readonly cycles: number
  /** Of these the program's own and its helpers', by its executed words and the usual weights. */
  readonly own: number
  /** Words of the program, a packet. */
  readonly words: number
}

function useMeasured(image: NfpImage | undefined, program: CalledProgram | undefined): Measured | undefined {
  const telemetry = useSlowTelemetry(500)
  const { judged } = useShown()
  const good = useVerdict((state) => state.good)
  const counts = telemetry.wordCounts
  const packets = counts[0] ?? 0
  const costs = useMemo(
    () => (image === undefined || program === undefined ? [] : usualCycles(image, program)),
    [image, program],
  )
  if (judged !== good || telemetry.received < 300 || packets < 300) return undefined
  const busy = telemetry.busy.reduce((sum, cycles) => sum + cycles, 0)
  let [words, own] = [0, 0]
  for (let word = 0; word < counts.length; word++) {
    words += counts[word]!
    own += counts[word]! * (costs[word] ?? 1)
  }
  return { cycles: busy / telemetry.received, own: own / packets, words: words / packets }
}

/** Cycles of each word with the usual wait for memory and what a helper typically takes, branches not taken. */
function usualCycles(image: NfpImage, program: CalledProgram): number[] {
  const helpers = helperCosts(image, program)
  return Array.from({ length: image.words.length / 2 }, (_, word) => {
    const { min, memory } = cost(decodeAt(image.words, word))
    return min + (memory ? (USUAL_WEIGHTS.memory ?? 0) : 0) + (helpers.get(word) ?? 0)
  })
}

function Bars(props: {
  readonly rows: readonly (readonly [label: string, perSecond: number | undefined])[]
  readonly ceiling: number
}): ReactElement {
  const most = Math.max(...props.rows.map(([, value]) => value ?? 0), 1)
  return (
    <div className="budget-bars">
      {props.rows.map(([label, value]) => (
        <div key={label} className={value === props.ceiling ? 'on' : ''}>
          <span>{label}</span>
          <i style={{ width: value === undefined ? 0 : `${(96 * value) / most}px` }} />
          <span>{value === undefined ? '–' : mpps(value)}</span>
        </div>
      ))}
    </div>
  )
}

/** Instructions that made no words of their own, or words that another one shares. */
function Why({ image }: { readonly image: NfpImage }): ReactElement | null {
  if (image.notes.length === 0) return null
  return (
    <div className="budget-why">
      <div className="dim fine">Why these words</div>
      <ul>
        {image.notes.map((note) => (
          <li key={`${note.insn}.${note.pass}`}>
            <button
              type="button"
              className="plain"
              onClick={() => pin({ space: 'insn', start: note.insn, end: note.insn + 1 })}
            >
              insn {note.insn}
            </button>{' '}
            {note.kind} <span className="badge">{note.pass}</span> <span className="ink2">{note.reason}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
