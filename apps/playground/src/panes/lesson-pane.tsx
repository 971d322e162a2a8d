/** The lesson beside the program: goal, steps one after the other, hints on request, and the check. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import type { LessonResult, LessonStep, LessonStepResult } from '@offload/session'
import { Icon } from '../components/icons'
import { Markdown } from '../components/markdown'
import { loadDemo } from '../components/toolbar'
import { useDocument } from '../stores/document'
import { closeLesson, openLesson, useLesson } from '../stores/lesson'
import { useView } from '../stores/view'
import { checkLesson } from '../workers/grading'
import '../styles/lesson.css'

export function LessonPane(): ReactElement | null {
  const { lesson, step, result, checked, checking } = useLesson()
  const source = useDocument((state) => state.document.source)
  if (lesson === undefined) return null
  const stale = result !== undefined && checked !== source
  const done = result?.ok === true && !stale
  return (
    <section className="pane lesson" aria-label={`Lesson: ${lesson.title}`} data-testid="lesson">
      <div className="lesson-head">
        <span className="dim">Lesson · {lesson.minutes} min</span>
        <span className="grow" />
        <button
          type="button"
          className="btn ico"
          aria-label="Leave the lesson"
          title="Leave the lesson"
          onClick={closeLesson}
        >
          {Icon.close}
        </button>
        <h1>{lesson.title}</h1>
        <p>{lesson.goal}</p>
        <Bar done={result?.next ?? 0} all={lesson.steps.length} />
      </div>
      <ol className="lesson-steps">
        {lesson.steps.map((one, index) => (
          <li key={one.title} className={index === step ? 'open' : undefined}>
            <button
              type="button"
              className="lesson-step-head"
              aria-expanded={index === step}
              onClick={() => useLesson.setState({ step: index })}
            >
              <Mark state={stateOf(result, stale, index)} number={index + 1} />
              <span className="grow">{one.title}</span>
            </button>
            {index === step && <StepBody step={one} index={index} result={result?.steps[index]} stale={stale} />}
          </li>
        ))}
      </ol>
      <div className="lesson-foot">
        {done ? (
          <p role="status" className="lesson-done">
            <b>Done.</b> Every step holds.{' '}
            {lesson.demo !== undefined && (
              <button
                type="button"
                className="link"
                onClick={() => {
                  closeLesson()
                  loadDemo(lesson.demo!)
                }}
              >
                See the gallery item
              </button>
            )}
          </p>
        ) : (
          <span className="dim grow">{stale ? 'The program has changed since the last check.' : ''}</span>
        )}
        <div className="row">
          <button
            type="button"
            className="btn prim"
            disabled={checking}
            onClick={() => void checkLesson()}
            data-testid="check-lesson"
          >
            {checking ? 'Checking…' : 'Check'}
          </button>
          {done && (
            <button type="button" className="btn line" onClick={() => useView.setState({ dialog: 'gallery' })}>
              Next lesson
            </button>
          )}
          <span className="grow" />
          <Solution />
        </div>
      </div>
    </section>
  )
}

function Bar({ done, all }: { readonly done: number; readonly all: number }): ReactElement {
  return (
    <div className="lesson-bar" role="img" aria-label={`${done} of ${all} steps done`}>
      {Array.from({ length: all }, (_, index) => (
        <i key={index} className={index < done ? 'on' : undefined} />
      ))}
    </div>
  )
}

type StepState = 'open' | 'ok' | 'fail'

/** Steps are taken in order: what holds behind the first open one holds by chance and is not yet done. */
function stateOf(result: LessonResult | undefined, stale: boolean, index: number): StepState {
  if (result === undefined || stale || index > result.next) return 'open'
  return index < result.next ? 'ok' : 'fail'
}

function Mark({ state, number }: { readonly state: StepState; readonly number: number }): ReactElement {
  const name = { open: '', ok: 'done', fail: 'not yet' }[state]
  return (
    <span className={`lesson-mark ${state}`}>
      <span aria-hidden="true">{state === 'ok' ? '✓' : number}</span>
      <span className="visually-hidden">{name}</span>
    </span>
  )
}

interface StepBodyProps {
  readonly step: LessonStep
  readonly index: number
  readonly result: LessonStepResult | undefined
  readonly stale: boolean
}

function StepBody({ step, index, result, stale }: StepBodyProps): ReactElement {
  const shown = useLesson((state) => state.hints[index] ?? 0)
  const failed = result?.checks.find((check) => !check.ok)
  return (
    <div className="lesson-step">
      <Markdown text={step.text} />
      {step.question !== undefined && <Answer step={step} />}
      {failed !== undefined && (
        <div className={stale ? 'lesson-tell stale' : 'lesson-tell'} role="status" data-testid="lesson-tell">
          <p>{failed.tell}</p>
          <p className="dim">{failed.found}</p>
        </div>
      )}
      {step.hints.slice(0, shown).map((hint) => (
        <p key={hint} className="lesson-hint">
          {hint}
        </p>
      ))}
      {shown < 3 && result?.ok !== true && (
        <button
          type="button"
          className="link"
          onClick={() => useLesson.setState((state) => ({ hints: { ...state.hints, [index]: shown + 1 } }))}
        >
          {['Give me a hint', 'A stronger hint', 'Nearly the answer'][shown]}
        </button>
      )}
    </div>
  )
}

function Answer({ step }: { readonly step: LessonStep }): ReactElement | null {
  const { question } = step
  const value = useLesson((state) => (question === undefined ? '' : (state.answers[question.id] ?? '')))
  if (question === undefined) return null
  const answer = (text: string): void =>
    useLesson.setState((state) => ({ answers: { ...state.answers, [question.id]: text } }))
  if (question.choices === undefined)
    return (
      <label className="lesson-answer">
        {question.text}
        <input
          className="field"
          value={value}
          onChange={(event) => answer(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void checkLesson()
          }}
        />
      </label>
    )
  return (
    <fieldset className="lesson-answer">
      <legend>{question.text}</legend>
      {question.choices.map((choice) => (
        <label key={choice}>
          <input type="radio" name={question.id} checked={value === choice} onChange={() => answer(choice)} /> {choice}
        </label>
      ))}
    </fieldset>
  )
}

/** Start again, or see how it is done; both leave the old text in the editor's undo. */
function Solution(): ReactElement {
  const lesson = useLesson((state) => state.lesson)
  const [asked, setAsked] = useState(false)
  if (lesson === undefined) return <></>
  const show = (): void => {
    useDocument.getState().setSource(lesson.solution.source)
    useLesson.setState((state) => ({ answers: { ...state.answers, ...lesson.solution.answers } }))
    setAsked(false)
  }
  if (asked)
    return (
      <>
        <span className="dim">Replace your program?</span>
        <button type="button" className="btn line" onClick={show}>
          Show it
        </button>
        <button type="button" className="btn" onClick={() => setAsked(false)}>
          No
        </button>
      </>
    )
  return (
    <>
      <button type="button" className="btn" onClick={() => openLesson(lesson, true)}>
        Start again
      </button>
      <button type="button" className="btn" onClick={() => setAsked(true)}>
        Show one solution
      </button>
    </>
  )
}
