/** `offload grade`: solutions pass, starts and mistakes fail, in text, JSON and JUnit; bad files are bad use. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LESSONS } from '@offload/content'
import { encodeProgress, gradeLesson } from '@offload/session'
import { afterAll, describe, expect, it } from 'vitest'
import { gradeCommand } from './commands/grade'
import { BadUse } from './commands/input'
import type { CommandResult } from './commands/input'

const scratch = mkdtempSync(path.join(tmpdir(), 'offload-grade-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const full = path.join(scratch, name)
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content))
  return full
}

const grade = async (lesson: string, submission: string, values = {}): Promise<CommandResult> =>
  gradeCommand.run([lesson, submission], values)

describe('offload grade', () => {
  const first = LESSONS[0]!

  it('passes the solution of a lesson file, fails its start, and says why', async () => {
    const lesson = file('lesson.json', first)
    const good = await grade(lesson, file('good.bpf', first.solution.source))
    expect([good.failed, good.text]).toEqual([false, expect.stringContaining('passed: 4 of 4 steps')])
    const bad = await grade(lesson, file('bad.bpf', first.start))
    expect(bad.failed).toBe(true)
    expect(bad.text).toContain('FAIL  1. Drop everything')
    expect(bad.text).toContain('UDP still gets through')
  })

  it('gives the verdict of the checker for the first mistake of a lesson', async () => {
    for (const lesson of LESSONS.slice(1, 4)) {
      const mistake = lesson.mistakes[0]!
      const { json } = await grade(`lesson:${lesson.id}`, file(`${lesson.id}.json`, mistake))
      expect(json).toEqual(gradeLesson(lesson, mistake))
    }
  })

  it('writes JUnit with one case a step', async () => {
    const { text } = await grade('lesson:hello-drop', file('start.bpf', first.start), { junit: true })
    expect(text).toContain('<testsuites tests="4" failures="2">')
    expect(text.match(/<testcase /g)).toHaveLength(4)
    expect(text).toContain('<failure message="0 of 510 IPv4 packets of UDP were dropped">')
  })

  it('grades a progress code anew, whatever it claims', async () => {
    const [one, two] = LESSONS
    const code = encodeProgress('Ada', [
      { lesson: one!.id, ...one!.solution },
      { lesson: two!.id, source: two!.start },
    ])
    const { failed, text } = await gradeCommand.run([code], {})
    expect([failed, text]).toEqual([true, 'Ada\nok    4 of 4  Hello, drop\nFAIL  0 of 4  What the verifier wants\n'])
    await expect(async () => gradeCommand.run(['p1.AAAA'], {})).rejects.toThrow('damaged')
  })

  it('stops at the limit of time and does not pass then', async () => {
    const result = await grade('lesson:line-rate', file('slow.bpf', LESSONS.at(-1)!.solution.source), {
      seconds: '0.001',
    })
    expect([result.failed, result.text]).toEqual([true, expect.stringContaining('took too long')])
  })

  it('refuses what is no lesson and no submission', async () => {
    const source = file('ok.bpf', first.start)
    await expect(grade('lesson:none', source)).rejects.toThrow(BadUse)
    await expect(grade(file('no.json', '{"version":1}'), source)).rejects.toThrow(
      'is not a lesson: steps is not a list',
    )
    await expect(grade(file('broken.json', '{'), source)).rejects.toThrow('is not JSON')
    await expect(grade('lesson:hello-drop', file('odd.json', '{"a":1}'))).rejects.toThrow('neither a project')
  })
})
