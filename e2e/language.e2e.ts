/** The editor knows the language: completion, hover, rename, quick fix, conversion; files in and out; time to diagnostics. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { assemble, importElf } from '../packages/bpf/src/index'
import { drop, editorReady, expect, open, openStill, setSource, sourceOf, test } from './page'

const object = readFileSync(fileURLToPath(new URL('../packages/bpf/testdata/counter.o', import.meta.url)))

const PROGRAM = `.map counts array key u32 value u64 max 4
.prog xdp mine
    r1 = 7
    if r1 == 7 goto out
    r0 = XDP_DROP
    exit
out:
    r0 = XDP_PASS
    exit
`

/** Puts the cursor behind the first place of a text. */
async function cursorBehind(page: Page, text: string): Promise<void> {
  const lines = (await sourceOf(page)).split('\n')
  const line = lines.findIndex((one) => one.includes(text))
  const column = lines[line]!.indexOf(text) + text.length
  await page.locator('.monaco-editor .view-lines').first().click()
  await page.keyboard.press('ControlOrMeta+Home')
  for (let i = 0; i < line; i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Home')
  await page.keyboard.press('Home')
  const indented = /^\s*/.exec(lines[line]!)![0].length
  // Home goes to the first letter or to column one: count from where the line begins.
  await page.keyboard.press('End')
  for (let i = lines[line]!.length; i > column; i--) await page.keyboard.press('ArrowLeft')
  expect(column).toBeGreaterThanOrEqual(indented)
}

async function choose(page: Page, item: string): Promise<void> {
  await page.getByTestId('program-menu').click()
  const entry = page.getByRole('menuitemradio', { name: item })
  await expect(entry).toBeInViewport({ ratio: 0.99 })
  await entry.click()
}

test('completion, hover, outline, definition, rename', async ({ page }) => {
  await openStill(page)
  await setSource(page, PROGRAM)
  await cursorBehind(page, 'r1 = 7')
  await page.keyboard.press('Enter')
  await page.keyboard.insertText('call bpf_map_loo')
  await page.keyboard.press('ControlOrMeta+Space')
  const suggestion = page.locator('.suggest-widget .monaco-list-row').first()
  await expect(suggestion).toContainText('bpf_map_lookup_elem')
  await page.keyboard.press('Enter')
  await expect.poll(() => sourceOf(page)).toContain('call bpf_map_lookup_elem\n')

  await page.locator('.view-line', { hasText: 'bpf_map_lookup_elem' }).getByText('bpf_map_lookup_elem').hover()
  await expect(page.locator('.monaco-hover', { hasText: 'bpf_map_lookup_elem' })).toBeVisible()
  await page.keyboard.press('Escape')

  // Hints tell what constants are worth.
  await expect(page.locator('.view-lines')).toContainText('= 1')

  await cursorBehind(page, 'goto ou')
  await page.keyboard.press('F12')
  await page.keyboard.press('F2')
  await page.locator('.rename-box input').fill('finish')
  await page.keyboard.press('Enter')
  await expect.poll(() => sourceOf(page)).toContain('finish:\n')
  expect(await sourceOf(page)).toContain('goto finish\n')

  await page.getByRole('tab', { name: 'Outline' }).click()
  await page
    .getByTestId('outline')
    .getByRole('button', { name: /finish/ })
    .click()
  await expect(page.locator('.monaco-editor .current-line').first()).toBeVisible()
})

test('a quick fix puts a misspelt instruction right', async ({ page }) => {
  await openStill(page)
  await setSource(page, PROGRAM.replace('r0 = XDP_PASS', 'r0 = XDP_PAS'))
  await expect(page.locator('.squiggly-error').first()).toBeVisible()
  await page.locator('.monaco-editor .view-lines').first().click()
  await page.keyboard.press('ControlOrMeta+Home')
  await page.keyboard.press('F8')
  await page.keyboard.press('Escape')
  await page.keyboard.press('ControlOrMeta+.')
  const fix = page.locator('.action-widget .action', { hasText: /XDP_PASS/ }).first()
  await expect(fix).toBeVisible()
  await page.keyboard.press('Enter')
  await expect.poll(() => sourceOf(page)).toContain('r0 = XDP_PASS\n')
})

test('the dialect is converted and one undo takes it back', async ({ page }) => {
  await openStill(page)
  await setSource(page, PROGRAM)
  await choose(page, 'Convert to the other dialect')
  await expect.poll(() => sourceOf(page)).toContain('mov %r1, 7')
  const converted = await sourceOf(page)
  const [before, after] = [assemble(PROGRAM), assemble(converted)]
  expect(after.ok && before.ok && Buffer.compare(after.program.insns, before.program.insns)).toBe(0)
  await page.locator('.monaco-editor .view-lines').first().click()
  await page.keyboard.press('ControlOrMeta+Z')
  await expect.poll(() => sourceOf(page)).toBe(PROGRAM)
})

test('the control flow is drawn, pins, and stands as a table', async ({ page }) => {
  await open(page)
  await page.getByRole('tab', { name: 'Flow' }).click()
  const block = page.getByRole('button', { name: /^Block A/ })
  await expect(block).toHaveAttribute('aria-label', /ran [\d,.\u2009\u202f ]+ times/)
  await block.focus()
  await page.keyboard.press('Enter')
  await expect(block).toHaveAttribute('aria-pressed', 'true')
  await page.keyboard.press('t')
  await expect(page.getByTestId('flow-table').getByRole('row').nth(1)).toContainText(/if true G [\d\u2009\u202f]+×/)
})

test('an object is dropped, chosen from, shown with its C, and downloaded again', async ({ page }) => {
  await openStill(page)
  await editorReady(page)
  await drop(page, 'counter.o', object)
  await page
    .getByTestId('import-choice')
    .getByRole('button', { name: /^count XDP/ })
    .click()
  await expect(page.getByRole('heading', { level: 1, name: 'count' })).toBeVisible()
  expect(await sourceOf(page)).toContain('.prog xdp count')
  await page.getByRole('tab', { name: 'C', exact: true }).click()
  await expect(page.getByTestId('c-lines')).toContainText('if (data + 34 > end)')
  // The lines of C are in the text, and so in what is saved.
  await page.keyboard.press('ControlOrMeta+S')
  await page.reload()
  await page.getByRole('tab', { name: 'C', exact: true }).click()
  await expect(page.getByTestId('c-lines')).toContainText('if (data + 34 > end)')
  await page.getByRole('tab', { name: 'BPF', exact: true }).click()
  await editorReady(page)

  const download = page.waitForEvent('download')
  await choose(page, 'Download object')
  const file = await download
  expect(file.suggestedFilename()).toBe('count.o')
  const [given, made] = [importElf(object), importElf(readFileSync(await file.path()))]
  if (!given.ok || !made.ok) throw new Error('not read back')
  expect(Buffer.compare(made.programs[0]!.insns, given.programs[0]!.insns)).toBe(0)

  await drop(page, 'cut.o', object.subarray(0, 300))
  await expect(page.getByTestId('notice-fail')).toContainText('Everything stays as it was')
  expect(await sourceOf(page)).toContain('.prog xdp count')
})

test('a file opened by mistake is taken back by one undo, its name with it', async ({ page }) => {
  await openStill(page)
  await editorReady(page)
  const before = await sourceOf(page)
  await drop(page, 'two.s', Buffer.from('mov %r0, 2\nexit\n'))
  const title = page.getByRole('heading', { level: 1 })
  await expect(title).toHaveText('two.s')
  await page.locator('.monaco-editor .view-lines').first().click()
  await page.keyboard.press('ControlOrMeta+Z')
  await expect(title).toHaveText('UDP flood counter')
  expect(await sourceOf(page)).toBe(before)
  await page.keyboard.press('ControlOrMeta+Shift+Z')
  await expect(title).toHaveText('two.s')

  // The palette knows what the File menu does.
  await page.keyboard.press('ControlOrMeta+M')
  await title.click()
  await page.keyboard.press('F1')
  await page.getByRole('combobox', { name: 'Command' }).fill('program object')
  const download = page.waitForEvent('download')
  await page.keyboard.press('Enter')
  expect((await download).suggestedFilename()).toBe('two.o')
})

const STROKES = 12

/** Milliseconds from a key that breaks the line to the squiggle under it, sorted. */
async function strokes(page: Page): Promise<number[]> {
  await cursorBehind(page, 'r0 = XDP_DROP')
  await page.evaluate(() => {
    const kept = window as unknown as { times?: number[] }
    const watching = kept.times !== undefined
    kept.times = []
    // The watch of an earlier round goes on and writes into the new list.
    if (watching) return
    let began = 0
    addEventListener('keydown', ({ key }) => (began = key === 'x' ? performance.now() : 0), { capture: true })
    new MutationObserver(() => {
      if (began === 0 || document.querySelector('.squiggly-error') === null) return
      kept.times?.push(performance.now() - began)
      began = 0
    }).observe(document.body, { subtree: true, childList: true })
  })
  const times = (): Promise<number[]> => page.evaluate(() => (window as unknown as { times: number[] }).times)
  for (let stroke = 1; stroke <= STROKES; stroke++) {
    await page.keyboard.press('x')
    await expect.poll(async () => (await times()).length, { timeout: 10_000, intervals: [20] }).toBe(stroke)
    await page.keyboard.press('Backspace')
    await expect(page.locator('.squiggly-error')).toHaveCount(0)
    await page.waitForTimeout(150)
  }
  return (await times()).toSorted((a, b) => a - b)
}

test('from key stroke to diagnostics', async ({ page }) => {
  await open(page)
  await setSource(page, PROGRAM)
  const share = (sorted: readonly number[], part: number): number => sorted[Math.floor(part * (STROKES - 1))]!
  const report = (sorted: readonly number[], state: string): void =>
    console.log(
      `key stroke to diagnostics: p50 ${share(sorted, 0.5).toFixed(0)} ms, p95 ${share(sorted, 0.95).toFixed(0)} ms over ${STROKES} strokes, traffic ${state}`,
    )
  const running = await strokes(page)
  report(running, 'running')
  await page.getByTestId('run').click()
  await expect(page.getByTestId('run')).toContainText('Continue')
  const paused = await strokes(page)
  report(paused, 'paused')
  expect(share(paused, 0.5)).toBeLessThan(1000)
})
