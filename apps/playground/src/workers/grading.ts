/** Checks the lesson that is open, in a worker of its own with a limit of time. */
import { releaseProxy, wrap } from 'comlink'
import type { Remote } from 'comlink'
import type { LessonResult, Submission } from '@offload/session'
import type { Lesson } from '@offload/session'
import { useDocument } from '../stores/document'
import { keep, useLesson } from '../stores/lesson'
import { announce, notify } from '../stores/view'
import type { GradeWorker } from './grade.worker'

const LIMIT_MS = 60_000

/** Held here: a proxy that is collected while its call is pending loses the answer. */
let remote: Remote<GradeWorker> | undefined

/** The verdict on a submission; rejects when it takes too long. */
export async function grade(lesson: Lesson, submission: Submission): Promise<LessonResult> {
  const worker = new Worker(new URL('./grade.worker.ts', import.meta.url), { type: 'module', name: 'grade' })
  const held = wrap<GradeWorker>(worker)
  remote = held
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It took more than a minute and was stopped.')), LIMIT_MS)
  })
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => reject(new Error(event.message || 'The worker failed.')))
  })
  try {
    return await Promise.race([held.grade(lesson, submission), late, failed])
  } finally {
    clearTimeout(timer)
    held[releaseProxy]()
    worker.terminate()
    if (remote === held) remote = undefined
  }
}

export async function checkLesson(): Promise<void> {
  const { lesson, answers, checking } = useLesson.getState()
  if (lesson === undefined || checking) return
  const { source } = useDocument.getState().document
  useLesson.setState({ checking: true })
  try {
    const result = await grade(lesson, { source, answers })
    if (useLesson.getState().lesson !== lesson) return
    useLesson.setState({ result, checked: source, step: Math.min(result.next, lesson.steps.length - 1) })
    keep()
    const open = lesson.steps[result.next]
    announce(
      open === undefined
        ? `All steps of ${lesson.title} are done.`
        : `${result.next} of ${lesson.steps.length} steps are done. Next: ${open.title}.`,
    )
  } catch (error) {
    notify('fail', `The check failed: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    useLesson.setState({ checking: false })
  }
}
