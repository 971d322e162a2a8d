/** The lesson that is being taken, its answers and the last check; and what this browser remembers of all lessons. */
import { create } from 'zustand'
import { lessonDocument, validateLesson } from '@offload/session'
import type { Lesson, LessonResult, Submission } from '@offload/session'
import { useDocument } from './document'
import { recall, remember, useView } from './view'

/** What is kept of one lesson: the program as it stands, the answers, and how many steps are done. */
export interface Progress extends Submission {
  readonly passed: number
  readonly steps: number
}

interface LessonState {
  readonly lesson: Lesson | undefined
  /** Step that is open in the pane. */
  readonly step: number
  readonly answers: Readonly<Record<string, string>>
  /** Hints shown of each step. */
  readonly hints: Readonly<Record<number, number>>
  readonly result: LessonResult | undefined
  /** The text that `result` is about. */
  readonly checked: string | undefined
  readonly checking: boolean
  readonly progress: Readonly<Record<string, Progress>>
}

const KEY = 'offload.lessons'

function saved(): Record<string, Progress> {
  try {
    const value: unknown = JSON.parse(recall(KEY) ?? '{}')
    if (typeof value !== 'object' || value === null) return {}
    const known = Object.entries(value).filter(
      (entry): entry is [string, Progress] =>
        typeof entry[1] === 'object' && entry[1] !== null && typeof (entry[1] as Progress).source === 'string',
    )
    return Object.fromEntries(known)
  } catch {
    return {}
  }
}

export const useLesson = create<LessonState>(() => ({
  lesson: undefined,
  step: 0,
  answers: {},
  hints: {},
  result: undefined,
  checked: undefined,
  checking: false,
  progress: saved(),
}))

/** Open a lesson where it was left, or from its start. */
export function openLesson(lesson: Lesson, fresh = false): void {
  const before = fresh ? undefined : useLesson.getState().progress[lesson.id]
  useLesson.setState({
    lesson,
    step: Math.min(before?.passed ?? 0, lesson.steps.length - 1),
    answers: before?.answers ?? {},
    hints: {},
    result: undefined,
    checked: undefined,
  })
  const document = lessonDocument(lesson)
  useDocument.getState().replace(before === undefined ? document : { ...document, source: before.source })
  useView.setState({ layout: 'start', dialog: 'none' })
}

export function closeLesson(): void {
  keep()
  useLesson.setState({ lesson: undefined, result: undefined, checked: undefined })
}

/** A lesson from a file or an address, or one sentence about what is wrong with it. */
export function readLesson(
  text: string,
): { readonly ok: true; readonly lesson: Lesson } | { readonly ok: false; readonly error: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { ok: false, error: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  return validateLesson(value)
}

/** Remember how far this lesson is. */
export function keep(): void {
  const { lesson, answers, result, progress } = useLesson.getState()
  if (lesson === undefined) return
  const { source } = useDocument.getState().document
  const passed = Math.max(result?.next ?? 0, progress[lesson.id]?.passed ?? 0)
  const next = { ...progress, [lesson.id]: { source, answers, passed, steps: lesson.steps.length } }
  remember(KEY, JSON.stringify(next))
  useLesson.setState({ progress: next })
}
