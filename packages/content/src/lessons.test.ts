/** Every lesson: its solution passes, its start does not, and each foreseen mistake fails at its step with its words. */
import { gradeLesson, validateLesson } from '@offload/session'
import { describe, expect, it } from 'vitest'
import { DEMOS, LESSONS } from '.'

it('there are twelve lessons, each with a name of its own', () => {
  expect(LESSONS).toHaveLength(12)
  expect(new Set(LESSONS.map(({ id }) => id)).size).toBe(12)
})

describe.each(LESSONS)('lesson $id', (lesson) => {
  it('is plain JSON that the validator takes as it is', () => {
    expect(validateLesson(JSON.parse(JSON.stringify(lesson)))).toMatchObject({
      ok: true,
      lesson: { ...JSON.parse(JSON.stringify(lesson)), session: lesson.session },
    })
  })

  it('has 4 to 8 steps, three mistakes or more, and links to an item that exists', () => {
    expect(lesson.steps.length).toBeGreaterThanOrEqual(4)
    expect(lesson.steps.length).toBeLessThanOrEqual(8)
    expect(lesson.mistakes.length).toBeGreaterThanOrEqual(3)
    if (lesson.demo !== undefined) expect(DEMOS.map(({ id }) => id)).toContain(lesson.demo)
  })

  it('the solution passes every step', () => {
    const result = gradeLesson(lesson, lesson.solution)
    expect(result.steps.flatMap(({ checks }) => checks.filter(({ ok }) => !ok))).toEqual([])
    expect(result).toMatchObject({ ok: true, next: lesson.steps.length })
  })

  it('the start does not', () => {
    expect(gradeLesson(lesson, { source: lesson.start }).ok).toBe(false)
  })

  it.each(lesson.mistakes.map((mistake, index) => ({ mistake, index })))(
    'mistake $index fails at its step, with the words that help',
    ({ mistake }) => {
      const result = gradeLesson(lesson, mistake)
      expect([result.ok, result.next]).toEqual([false, mistake.step])
      expect(result.steps[result.next]!.checks.find(({ ok }) => !ok)?.tell).toContain(mistake.tell)
    },
  )
})

it('nothing that is not a program passes, and nothing throws', () => {
  for (const source of ['', 'exit', 'r0 = 2\nexit', '\u0000', '.prog xdp a\n'.repeat(50)])
    expect(gradeLesson(LESSONS[0]!, { source }).ok).toBe(false)
})

it('grading that is cancelled says so', () => {
  const result = gradeLesson(LESSONS[0]!, LESSONS[0]!.solution, { cancelled: () => true })
  expect(result).toMatchObject({ ok: false, stopped: 'Grading took too long and was stopped.' })
})
