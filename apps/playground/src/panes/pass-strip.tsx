/**
 * The optimisation passes from left to right: words as written, what each pass saves, words in the end. The chosen one
 * can be switched off, which the document remembers, and shown before and after.
 */
import type { ReactElement } from 'react'
import type { PassEffect, PassEffects, PassStage } from '@offload/session'
import type { PassName } from '@offload/nfp-jit'
import { Segmented } from '../components/segmented'
import { useDocument } from '../stores/document'

interface PassStripProps {
  /** Undefined until known, or where there are no words. */
  readonly effects: PassEffects | undefined
  /** The effects are about an earlier program. */
  readonly stale: boolean
  readonly chosen: PassName
  readonly onChoose: (pass: PassName) => void
  readonly comparing: boolean
  readonly onCompare: (comparing: boolean) => void
}

export function wordsIn(stage: PassStage | undefined): number | undefined {
  return stage?.words === undefined ? undefined : stage.words.length / 2
}

/** "−3", "+2", "0". */
export function signed(value: number): string {
  return value > 0 ? `+${value}` : value < 0 ? `−${-value}` : '0'
}

/** Switch a pass in the document. */
export function switchPass(pass: PassName, on: boolean): void {
  const { document, patch } = useDocument.getState()
  const others = (document.passesOff ?? []).filter((name) => name !== pass)
  patch({ passesOff: on ? others : [...others, pass] })
}

/** The stage before a pass. */
export function stageBefore(effects: PassEffects, pass: PassName): PassStage {
  const index = effects.passes.findIndex((effect) => effect.pass === pass)
  return effects.passes[index - 1]?.stage ?? effects.written
}

export function PassStrip({ effects, stale, chosen, onChoose, comparing, onCompare }: PassStripProps): ReactElement {
  const passesOff = useDocument((state) => state.document.passesOff)
  const selected = effects?.passes.find((effect) => effect.pass === chosen)
  const final = effects?.passes.at(-1)?.stage
  return (
    <section
      className={stale ? 'pass-strip stale' : 'pass-strip'}
      aria-label="Optimisation passes"
      data-testid="pass-strip"
    >
      {effects === undefined ? (
        <span className="dim" style={{ alignSelf: 'center', paddingLeft: 12 }}>
          The passes of the driver’s optimiser appear with the words.
        </span>
      ) : (
        <>
          <Step label="As written" value={wordsIn(effects.written)} detail={cyclesText(effects.written)} />
          {effects.passes.map((effect) => (
            <PassButton
              key={effect.pass}
              effect={effect}
              before={stageBefore(effects, effect.pass)}
              chosen={effect.pass === chosen}
              onChoose={() => onChoose(effect.pass)}
            />
          ))}
          <Step label="Final" value={wordsIn(final)} detail={cyclesText(final)} testId="words-final" />
        </>
      )}
      <span className="grow" />
      {selected !== undefined && (
        <div className="pass-controls">
          <span className="pass-purpose" title={selected.purpose}>
            <b>{selected.title}</b> <span className="ink2">{switchText(selected, final)}</span>
          </span>
          <Segmented
            label={`Pass ${selected.title}`}
            options={[
              ['on', 'On'],
              ['off', 'Off'],
            ]}
            value={(passesOff ?? []).includes(chosen) ? 'off' : 'on'}
            onChange={(value) => switchPass(chosen, value === 'on')}
          />
          <button type="button" className="btn line" aria-pressed={comparing} onClick={() => onCompare(!comparing)}>
            Before / after
          </button>
        </div>
      )}
    </section>
  )
}

function Step(props: {
  readonly label: string
  readonly value: number | undefined
  readonly detail: string
  readonly testId?: string
}): ReactElement {
  return (
    <div className="pass-step">
      <span className="label">{props.label}</span>
      <span className="value">
        <b data-testid={props.testId}>{props.value ?? '–'}</b> <small>words{props.detail}</small>
      </span>
    </div>
  )
}

const cyclesText = (stage: PassStage | undefined): string =>
  stage?.worstCycles === undefined ? '' : `, ${stage.worstCycles} cycles`

function PassButton(props: {
  readonly effect: PassEffect
  readonly before: PassStage
  readonly chosen: boolean
  readonly onChoose: () => void
}): ReactElement {
  const { effect, before } = props
  const from = wordsIn(before)
  const to = wordsIn(effect.stage)
  const saved = from === undefined || to === undefined ? undefined : to - from
  const cycles = (effect.stage.worstCycles ?? 0) - (before.worstCycles ?? 0)
  const idle = effect.on && saved === 0 && cycles === 0
  return (
    <button
      type="button"
      className={['pass-step', ...(props.chosen ? ['on'] : []), ...(idle || !effect.on ? ['idle'] : [])].join(' ')}
      aria-pressed={props.chosen}
      title={effect.purpose}
      onClick={props.onChoose}
      data-pass={effect.pass}
    >
      <span className="label">{effect.title}</span>
      <span className="value">
        {effect.on ? (
          <>
            <b>{saved === undefined ? '–' : signed(saved)}</b>{' '}
            <small>{idle ? 'found nothing' : `words${cycles === 0 ? '' : `, ${signed(cycles)} cycles`}`}</small>
          </>
        ) : (
          <>
            <b>✕ off</b>
          </>
        )}
      </span>
    </button>
  )
}

/** What the switch would do to the whole program. */
function switchText({ on, switched }: PassEffect, final: PassStage | undefined): string {
  const words = wordsIn(final)
  if (words === undefined || switched.words === undefined)
    return on ? 'without it the device refuses the program' : 'switched off'
  const more = switched.words - words
  const cycles = (switched.worstCycles ?? 0) - (final?.worstCycles ?? 0)
  const verb = on ? 'off' : 'on'
  if (more === 0 && cycles === 0) return `switching it ${verb} changes nothing here`
  return `${verb}: ${signed(more)} words, ${signed(cycles)} cycles at worst`
}
