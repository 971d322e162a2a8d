/** Parts of the JIT layout in a real browser, on programs compiled here: marks, struck instructions, rows, bits, passes. */
import { useRef } from 'react'
import type { ReactElement } from 'react'
import { createRoot } from 'react-dom/client'
import type { Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { compile, defaultDocument, passEffects } from '@offload/session'
import type { SessionDocument } from '@offload/session'
import { hover, tablesOf, unpin, useLink } from '../src/link/service'
import { joinMarks, marksOf } from '../src/link/verdict-marks'
import { Budget } from '../src/panes/budget-pane'
import { Capabilities, changeCapability } from '../src/panes/capability-pane'
import { CodeListing } from '../src/panes/code-listing'
import { differencesOf } from '../src/panes/pass-compare'
import { PassStrip, signed, stageBefore } from '../src/panes/pass-strip'
import { WordBits } from '../src/panes/word-fields'
import { WordListing, costText } from '../src/panes/word-listing'
import { useDocument } from '../src/stores/document'
import { useVerdict } from '../src/stores/verdict'
import type { Judged } from '../src/stores/verdict'
import { judgedPart, sameJudgedPart } from '../src/workers/judged-part'
import '../src/styles/tokens.css'
import '../src/styles/base.css'
import '../src/styles/code.css'
import '../src/styles/jit.css'

let root: Root
let host: HTMLElement

beforeEach(() => {
  host = document.createElement('div')
  host.style.cssText = 'position: fixed; inset: 0; background: white'
  document.body.append(host)
  root = createRoot(host)
})
afterEach(() => {
  root.unmount()
  host.remove()
  hover(undefined)
  unpin()
})

const show = (element: ReactElement): void => root.render(element)

/** Copies the context first, then reads two neighbouring bytes. */
const CACHED = `.prog xdp p
r6 = r1
r7 = *(u32 *)(r6 + 0)
r8 = *(u32 *)(r6 + 4)
r2 = r7
r2 += 8
if r2 > r8 goto out
r3 = *(u8 *)(r7 + 0)
r4 = *(u8 *)(r7 + 1)
r3 += r4
out:
r0 = 2
exit
`

/** Puts a program into the stores as if it had been judged there. */
function judge(source: string, settings: Partial<SessionDocument> = {}): Judged {
  const document = { ...defaultDocument(), ...settings, source }
  const judged: Judged = { compilation: compile(document, { record: true }), source, edits: 0, ms: 1 }
  useDocument.setState({ document })
  useVerdict.setState({ last: judged, good: judged.compilation.ok ? judged : undefined, checking: false })
  return judged
}

function Words({ counts = [] }: { readonly counts?: readonly number[] }): ReactElement {
  const scroller = useRef<HTMLDivElement>(null)
  return <WordListing relocated={false} scroller={scroller} onScroll={() => {}} rowHeight={18} counts={counts} />
}

describe('marks of kernel and device', () => {
  const REFUSED = '.prog xdp p\nr0 = 7\nr0 %= 3\nr0 = 2\nexit\n'

  it('tell what the device says of each instruction, behind its first refusal too', () => {
    const marks = marksOf(judge(REFUSED).compilation)
    expect([0, 1, 2, 3].map((insn) => marks(insn).device)).toEqual(['ok', 'fail', 'ok', 'ok'])
    expect([0, 1, 2, 3].map((insn) => marks(insn).kernel)).toEqual(['ok', 'ok', 'ok', 'ok'])
  })

  it('keep the driver’s answers where the kernel refuses', () => {
    const marks = marksOf(judge('.prog xdp p\nr2 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r2 + 0)\nexit\n').compilation)
    expect([0, 1, 2].map((insn) => marks(insn).kernel)).toEqual(['ok', 'fail', 'dot'])
    expect(marks(0).device).toBe('ok')
  })

  it('are one mark for a line: a refusal counts most', () => {
    expect(
      joinMarks([
        { kernel: 'dot', device: 'ok' },
        { kernel: 'ok', device: 'fail' },
      ]),
    ).toEqual({ kernel: 'ok', device: 'fail' })
    expect(joinMarks([])).toEqual({ kernel: 'dot', device: 'dot' })
  })

  it('stand in the gutters with the driver’s words', async () => {
    judge(REFUSED)
    show(<CodeListing verdicts />)
    const row = page.getByText('✕ [nfp] instruction 0x97 not supported')
    await expect.element(row).toBeVisible()
    expect(host.querySelectorAll('[data-device="fail"]')).toHaveLength(1)
    expect(host.querySelector('[data-insn="1"] [data-device]')?.textContent).toBe('✕')
  })
})

describe('the program', () => {
  it('strikes out an instruction without words and names the pass', async () => {
    judge(CACHED)
    show(<CodeListing verdicts />)
    await expect.element(page.getByText('entry-sequence')).toBeVisible()
    const row = host.querySelector('[data-insn="0"]')!
    expect(row.classList).toContain('gone')
    expect(getComputedStyle(row.querySelector('.src')!).textDecorationLine).toBe('line-through')
    expect(host.querySelectorAll('.gone')).toHaveLength(1)
  })
})

describe('the words', () => {
  it('are linked with the instructions in both directions', async () => {
    const tables = tablesOf(judge(CACHED))!
    show(<Words />)
    const [from, to] = tables.wordsOf(4)
    expect(to - from).toBeGreaterThan(1)
    await expect.poll(() => host.querySelectorAll('[data-word]').length).toBeGreaterThan(20)
    hover({ space: 'insn', start: 4, end: 5 })
    await expect.poll(() => host.querySelectorAll('[data-word].hover').length).toBe(to - from)
    await userEvent.hover(host.querySelector(`[data-word="${from + 1}"]`)!)
    await expect.poll(() => [...useLink.getState().hoverKin.insns]).toEqual([4])
  })

  it('have cycles, executions and a reason', async () => {
    const { compilation } = judge(CACHED)
    show(<Words counts={[1234, 1234]} />)
    const row = page.elementLocator(host)
    await expect.element(row.getByText('1\u202f234').first()).toBeVisible()
    expect(host.querySelector('[data-word="0"] .word-why')?.textContent).toBe(
      `entry ${compilation.image!.origins[0]!.reason}`,
    )
    const swap = compilation.disassembly!.findIndex((line) => line.includes('ctx_swap'))
    expect(host.querySelector(`[data-word="${swap}"] .word-cost`)?.textContent).toBe('3+')
    expect(costText({ min: 1, max: 4, memory: false })).toBe('1–4')
  })

  it('of a long program are drawn where they are looked at only', async () => {
    const adds = Array.from({ length: 700 }, (_, i) => `r0 += ${i + 1}`).join('\n')
    const { compilation } = judge(`.prog xdp p\nr0 = 0\n${adds}\nr0 = 2\nexit\n`)
    expect(compilation.image!.words.length / 2).toBeGreaterThan(1400)
    show(<Words />)
    await expect.poll(() => host.querySelectorAll('[data-word]').length).toBeGreaterThan(10)
    expect(host.querySelectorAll('[data-word]').length).toBeLessThan(150)
  })
})

describe('the bits of a word', () => {
  it('can be turned in a copy, which is decoded again', async () => {
    const { image, relocated, disassembly } = judge(CACHED).compilation
    const index = disassembly!.findIndex((line) => line.includes('mem['))
    show(<WordBits image={image!} relocated={relocated} index={index} />)
    await userEvent.click(page.getByRole('button', { name: 'Edit bits' }))
    const text = page.getByTestId('word-text')
    await expect.element(text).toHaveValue(disassembly![index]!.replace(/^\s*\.?\d+\s+/, ''))
    const count = page.getByRole('textbox', { name: /^CNT,/ })
    await userEvent.fill(count, '3')
    await expect.element(text).toHaveValue(expect.stringMatching(/, 4\], ctx_swap/) as unknown as string)
    await userEvent.fill(text, 'nop')
    await userEvent.keyboard('{Enter}')
    await expect.element(page.getByRole('textbox', { name: 'Word in hex' })).toHaveValue('000000f0000c0300')
    await userEvent.click(page.getByRole('button', { name: 'Leave the copy' }))
    expect(host.querySelectorAll('.changed')).toHaveLength(0)
  })
})

describe('the passes', () => {
  it('show what each saves, and switch in the document', async () => {
    judge(CACHED)
    const effects = passEffects(useDocument.getState().document)!
    show(
      <PassStrip
        effects={effects}
        stale={false}
        chosen="packet-cache"
        onChoose={() => {}}
        comparing={false}
        onCompare={() => {}}
      />,
    )
    await expect.element(page.getByRole('button', { name: /Mask after legacy load.*found nothing/ })).toBeVisible()
    const cache = effects.passes.find(({ pass }) => pass === 'packet-cache')!
    const saved = (cache.stage.words!.length - stageBefore(effects, 'packet-cache').words!.length) / 2
    expect(saved).toBeLessThan(0)
    await expect.element(page.getByRole('button', { name: `Packet cache ${signed(saved)}` })).toBeVisible()
    await userEvent.click(page.getByRole('button', { name: 'Off', exact: true }))
    expect(useDocument.getState().document.passesOff).toEqual(['packet-cache'])
    await userEvent.click(page.getByRole('button', { name: 'On', exact: true }))
    expect(useDocument.getState().document.passesOff).toEqual([])
  })

  it('differ before and after only where the pass worked, moved addresses aside', () => {
    const judged = judge(CACHED)
    const effects = passEffects(useDocument.getState().document)!
    const cache = effects.passes.at(-1)!
    const rows = differencesOf(stageBefore(effects, cache.pass), cache.stage, judged, tablesOf(judged)!)
    // The second load takes from the first one's range, whose read covers both; the jump over them only moves.
    expect(rows.filter((row) => !row.same).map((row) => row.insn)).toEqual([7])
    expect(rows.find((row) => row.insn === 7)!.after.length).toBeLessThan(
      rows.find((row) => row.insn === 7)!.before.length,
    )
  })
})

describe('capabilities', () => {
  it('are changes of the document, and none where they equal the firmware', async () => {
    judge(CACHED)
    show(<Capabilities />)
    await userEvent.click(page.getByRole('switch', { name: /Random numbers/ }))
    expect(useDocument.getState().document.capabilities).toEqual({ random: false })
    await userEvent.fill(page.getByRole('textbox', { name: /Stack/ }), '128')
    await userEvent.keyboard('{Enter}')
    expect(useDocument.getState().document.capabilities).toEqual({ random: false, stackSize: 128 })
    changeCapability('random', true, true)
    expect(useDocument.getState().document.capabilities).toEqual({ stackSize: 128 })
    await userEvent.click(page.getByRole('button', { name: 'Reset' }))
    expect(useDocument.getState().document.capabilities).toEqual({})
  })

  it('belong to what is judged', () => {
    const document = defaultDocument()
    const changed = { ...document, capabilities: { random: false } }
    expect(judgedPart(changed).capabilities).toEqual({ random: false })
    expect(sameJudgedPart(document, changed)).toBe(false)
    expect(sameJudgedPart(document, { ...document, seed: 7 })).toBe(true)
  })
})

describe('the budget', () => {
  it('counts words, stack and the dearest way', async () => {
    const { image } = judge(CACHED).compilation
    show(<Budget />)
    await expect.element(page.getByText('Code store')).toBeVisible()
    const meters = [...host.querySelectorAll('.meter .top b')].map((item) => item.textContent)
    expect(meters).toEqual([String(image!.words.length / 2), String(image!.stackSize), String(image!.maxPktOffset)])
    await expect.element(page.getByTestId('worst-path')).toHaveTextContent(/waiting for memory \(1 times\)/)
  })
})
