/** A lesson written in the page: its JSON on the left, how a learner sees it on the right, and a trial of its promises. */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { LESSONS } from '@offload/content'
import type { Lesson } from '@offload/session'
import { saveFile } from '../link/files'
import { openLesson, readLesson } from '../stores/lesson'
import { recall, remember, useView } from '../stores/view'
import { grade } from '../workers/grading'
import { Dialog } from './dialog'
import { Markdown } from './markdown'
import '../styles/lesson.css'

const KEY = 'offload.lesson-draft'

function firstDraft(): string {
  const model = LESSONS[0]!
  return JSON.stringify({ ...model, id: 'my-lesson', title: 'My lesson' }, null, 2)
}

export function AuthorDialog(): ReactElement {
  const [text, setText] = useState(() => recall(KEY) ?? firstDraft())
  const [trial, setTrial] = useState<readonly string[]>()
  const read = useMemo(() => readLesson(text), [text])
  const change = (next: string): void => {
    setText(next)
    setTrial(undefined)
    remember(KEY, next)
  }
  return (
    <Dialog title="Write a lesson" wide onClose={() => useView.setState({ dialog: 'none' })}>
      <div className="author">
        <textarea
          className="field mono"
          aria-label="Lesson as JSON"
          spellCheck={false}
          value={text}
          onChange={(event) => change(event.currentTarget.value)}
        />
        <div className="author-preview" tabIndex={0} role="group" aria-label="Preview">
          {read.ok ? <Preview lesson={read.lesson} /> : <p className="fail">{read.error}</p>}
        </div>
      </div>
      {trial !== undefined && (
        <ul className="author-trial" role="status">
          {trial.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <div className="row">
        <button
          type="button"
          className="btn prim"
          disabled={!read.ok}
          onClick={() => {
            if (read.ok) openLesson(read.lesson, true)
          }}
        >
          Take it
        </button>
        <button
          type="button"
          className="btn line"
          disabled={!read.ok}
          onClick={() => {
            if (!read.ok) return
            setTrial(['Trying…'])
            void tryOut(read.lesson).then(setTrial)
          }}
        >
          Try its solution and mistakes
        </button>
        <button
          type="button"
          className="btn line"
          disabled={!read.ok}
          onClick={() => saveFile(`${read.ok ? read.lesson.id : 'lesson'}.json`, text, 'application/json')}
        >
          Save the file
        </button>
        <span className="grow" />
        <button type="button" className="btn" onClick={() => change(firstDraft())}>
          Begin again
        </button>
      </div>
    </Dialog>
  )
}

function Preview({ lesson }: { readonly lesson: Lesson }): ReactElement {
  return (
    <>
      <h3>{lesson.title}</h3>
      <p className="ink2">{lesson.goal}</p>
      <ol>
        {lesson.steps.map((step) => (
          <li key={step.title}>
            <b>{step.title}</b>
            <Markdown text={step.text} />
            <p className="dim">
              {step.checks.length} checks, {step.question === undefined ? 'no question' : `asks: ${step.question.text}`}
            </p>
          </li>
        ))}
      </ol>
    </>
  )
}

/** What a lesson promises: its solution passes, its start does not, each mistake fails where it says. */
async function tryOut(lesson: Lesson): Promise<readonly string[]> {
  const lines: string[] = []
  const said = (ok: boolean, text: string): void => void lines.push(`${ok ? '✓' : '✕'} ${text}`)
  try {
    const solved = await grade(lesson, lesson.solution)
    said(solved.ok, solved.ok ? 'The solution passes.' : `The solution fails at step ${solved.next + 1}.`)
    const start = await grade(lesson, { source: lesson.start })
    said(!start.ok, start.ok ? 'The start passes already.' : 'The start does not pass.')
    for (const [index, mistake] of lesson.mistakes.entries()) {
      const result = await grade(lesson, mistake)
      const tell = result.steps[result.next]?.checks.find(({ ok }) => !ok)?.tell ?? ''
      const right = !result.ok && result.next === mistake.step && tell.includes(mistake.tell)
      said(
        right,
        `Mistake ${index + 1} ${right ? 'fails at' : `should fail at step ${mistake.step + 1} with its words, and fails at`} step ${result.next + 1}.`,
      )
    }
  } catch (error) {
    said(false, error instanceof Error ? error.message : String(error))
  }
  return lines
}
