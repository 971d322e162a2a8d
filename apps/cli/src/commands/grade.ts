/**
 * `offload grade`: a submission against a lesson, for graders and CI. The verdict is the page's: the same checks on the
 * same machine. A grading that takes longer than the limit is stopped from inside; one that takes more memory than
 * `--memory` allows ends in its own process.
 */
import { LESSONS } from '@offload/content'
import { decodeProgress, gradeLesson, validateDocument, validateLesson } from '@offload/session'
import type { Lesson, LessonResult, Submission } from '@offload/session'
import type { Command } from '.'
import { BadUse, chosenText, readBytes, textsOf } from './input'
import type { CommandResult, Values } from './input'

const DEFAULT_SECONDS = 60

/** A lesson file, or `lesson:NAME` for one that comes with the project. */
export function lessonOf(file: string): Lesson {
  if (file.startsWith('lesson:')) {
    const found = LESSONS.find(({ id }) => id === file.slice('lesson:'.length))
    if (found === undefined)
      throw new BadUse(`no lesson "${file.slice(7)}"; there are ${LESSONS.map(({ id }) => id).join(', ')}`)
    return found
  }
  const result = validateLesson(json(file, readBytes(file)))
  if (!result.ok) throw new BadUse(`${file} is not a lesson: ${result.error}`)
  return result.lesson
}

function json(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch (error) {
    throw new BadUse(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A program in any form, a project, or `{"source": …, "answers": {…}}` as the page hands it in. */
export function submissionOf(file: string, bytes: Uint8Array): Submission {
  if (bytes[0] === 0x7b) {
    const value = json(file, bytes) as { source?: unknown; answers?: unknown; version?: unknown }
    const project = validateDocument(value)
    const answers = answersOf(value.answers)
    if (project.ok) return { source: project.document.source, answers }
    if (typeof value.source !== 'string')
      throw new BadUse(`${file}: neither a project (${project.error}) nor {"source", "answers"}`)
    return { source: value.source, answers }
  }
  return { source: chosenText(file, textsOf(file, bytes), {}).source }
}

function answersOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([id, answer]) => [id, String(answer)]))
}

function text(lesson: Lesson, result: LessonResult): string {
  const lines = result.steps.flatMap((step, index) => [
    `${step.ok ? 'ok  ' : 'FAIL'}  ${index + 1}. ${step.title}`,
    ...step.checks.filter(({ ok }) => !ok).map((check) => `        ${check.found}\n        ${check.tell ?? ''}`),
  ])
  const summary = result.stopped ?? `${result.passed} of ${lesson.steps.length} steps`
  return `${lesson.title}\n${lines.join('\n')}\n${result.ok ? 'passed' : 'not passed'}: ${summary}\n`
}

const escaped = (value: string): string =>
  value.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`).replace(/[^\t\n\r -\uffff]/g, '?')

/** JUnit's form, one case a step, as CI systems read it. */
function junit(lesson: Lesson, result: LessonResult): string {
  const cases = lesson.steps.map((step, index) => {
    const graded = result.steps[index]
    const name = `    <testcase classname="${escaped(lesson.id)}" name="${escaped(`${index + 1}. ${step.title}`)}"`
    if (graded?.ok === true) return `${name}/>`
    const failed = graded?.checks.filter(({ ok }) => !ok) ?? []
    const found = failed.map((check) => `${check.found}\n${check.tell ?? ''}`).join('\n')
    const message = graded === undefined ? (result.stopped ?? 'not graded') : (failed[0]?.found ?? '')
    return `${name}>\n      <failure message="${escaped(message)}">${escaped(found)}</failure>\n    </testcase>`
  })
  const failures = lesson.steps.length - result.passed
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="${lesson.steps.length}" failures="${failures}">
  <testsuite name="${escaped(lesson.title)}" tests="${lesson.steps.length}" failures="${failures}">
${cases.join('\n')}
  </testsuite>
</testsuites>
`
}

function secondsOf(values: Values): number {
  const seconds = Number(values['seconds'] ?? DEFAULT_SECONDS)
  if (!(seconds > 0 && seconds <= 3600)) throw new BadUse('--seconds is a number up to 3600')
  return seconds
}

function after(seconds: number): () => boolean {
  const end = Date.now() + seconds * 1000
  return () => Date.now() > end
}

/** All lessons of a progress code, graded anew: the instructor's view in a terminal. */
function gradeCode(code: string, seconds: number): CommandResult {
  const progress = decodeProgress(code)
  if (!progress.ok) throw new BadUse(progress.error)
  const graded = progress.entries.map((entry) => {
    const lesson = LESSONS.find(({ id }) => id === entry.lesson)
    if (lesson === undefined) throw new BadUse(`the code has a lesson "${entry.lesson}", which is not known here`)
    return { lesson, result: gradeLesson(lesson, entry, { cancelled: after(seconds) }) }
  })
  const rows = graded.map(
    ({ lesson, result }) =>
      `${result.ok ? 'ok  ' : 'FAIL'}  ${result.passed} of ${lesson.steps.length}  ${lesson.title}\n`,
  )
  return {
    failed: graded.some(({ result }) => !result.ok),
    text: `${progress.name}\n${rows.join('')}`,
    json: { name: progress.name, lessons: graded.map(({ result }) => result) },
  }
}

export const gradeCommand: Command = {
  name: 'grade',
  usage: 'grade LESSON SUBMISSION | grade p1.CODE [--junit] [--seconds N]',
  summary: 'a submission against a lesson (a file, or lesson:NAME); a progress code',
  options: { junit: { type: 'boolean' }, seconds: { type: 'string' } },
  run(positionals, values) {
    const [lessonFile, file, ...more] = positionals
    if (lessonFile?.startsWith('p1.') === true && file === undefined) return gradeCode(lessonFile, secondsOf(values))
    if (lessonFile === undefined || file === undefined || more.length > 0)
      throw new BadUse('a lesson and a submission are needed')
    const lesson = lessonOf(lessonFile)
    const submission = submissionOf(file, readBytes(file))
    const result = gradeLesson(lesson, submission, { cancelled: after(secondsOf(values)) })
    return {
      failed: !result.ok,
      text: values['junit'] === true ? junit(lesson, result) : text(lesson, result),
      json: result,
    }
  },
}
