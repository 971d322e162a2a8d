import { describe, expect, it } from 'vitest'
import { decodeProgress, encodeProgress } from './progress'

describe('progress codes', () => {
  const entries = [{ lesson: 'hello-drop', source: 'r0 = 1\nexit\n', answers: { line: '16' } }]

  it('come back as they were', () => {
    const code = encodeProgress('Ada', entries)
    expect(code).toMatch(/^p1\.[\w-]+$/)
    expect(decodeProgress(` ${code}\n`)).toEqual({ ok: true, name: 'Ada', entries })
  })

  it('damaged in any one character they give an error or a code, never an exception', () => {
    const code = encodeProgress('Ada', entries)
    for (let at = 0; at < code.length; at++) {
      const result = decodeProgress(`${code.slice(0, at)}${code[at] === 'A' ? 'B' : 'A'}${code.slice(at + 1)}`)
      if (!result.ok) expect(result.error).toMatch(/\w/)
    }
    expect(decodeProgress('')).toMatchObject({ ok: false })
    expect(decodeProgress('p1.AAAA')).toMatchObject({ ok: false })
  })
})
