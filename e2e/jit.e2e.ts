/** The JIT layout: links between instructions and words, passes, capabilities, the offload doctor. */
import type { Page } from '@playwright/test'
import { editorReady, expect, layout, open, setSource, sourceOf, test, total } from './page'

const words = async (page: Page): Promise<number> => Number(await page.getByTestId('words-final').textContent())

async function openJit(page: Page): Promise<void> {
  await open(page)
  await layout(page, 'JIT')
  await expect(page.getByTestId('words-final')).toHaveText(/^\d+$/, { timeout: 20_000 })
}

/** A program of which the card refuses one instruction, a remainder. */
const REMAINDER = '.prog xdp p\n    call bpf_get_prandom_u32\n    r0 %= 7\n    r0 = 2\n    exit\n'

test('pointing at an instruction lights its words, and at a word its instruction', async ({ page }) => {
  await openJit(page)
  const insn = page.locator('[data-insn="5"]')
  await insn.hover()
  const linked = page.locator('[data-word].hover')
  await expect.poll(() => linked.count()).toBeGreaterThan(1)
  const numbers = await linked.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-word')))
  await expect(page.locator('.ribbon.hover')).toHaveCount(1)

  await page.locator('[data-insn="0"]').hover()
  await expect(page.locator(`[data-word="${numbers[0]}"]`)).not.toHaveClass(/hover/)
  await page.locator(`[data-word="${numbers[1]}"]`).hover()
  await expect(insn).toHaveClass(/hover/)
  await expect(page.locator('[data-insn].hover')).toHaveCount(1)

  // The C beside it: the line of a lookup lights its instructions and their words, and they light it.
  const shows = page.getByRole('button', { name: 'Show C' })
  if (await shows.isVisible()) await shows.click()
  const lookup = page.locator('[data-c-line]', { hasText: 'counter = bpf_map_lookup_elem' })
  await lookup.hover()
  await expect(page.locator('[data-insn].hover')).toHaveCount(5)
  await expect.poll(() => linked.count()).toBeGreaterThan(5)
  await page.locator('[data-insn="13"]').hover()
  await expect(lookup).toHaveClass(/hover/)
  await page.locator('[data-word].hover').first().hover()
  await expect(lookup).toHaveClass(/hover/)
  await page.getByTestId('c-lines').focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.locator('[data-c-line].pin')).toHaveCount(1)
  await expect(page.locator('[data-word].pin').first()).toBeVisible()
})

test('a pinned word shows its bits, and an edited copy is decoded again', async ({ page }) => {
  await openJit(page)
  const insn = page.locator('[data-insn="5"]')
  await insn.click()
  const first = page.locator('[data-word].pin').first()
  await expect(first).toBeVisible()
  const number = (await first.getAttribute('data-word')) ?? ''
  const pane = page.getByTestId('word-pane')
  await expect(pane.getByRole('heading')).toHaveText(`Word ${number}`)
  await expect(pane).toContainText('insn 5')
  await expect(page.locator('.ribbon.pin')).toHaveCount(1)

  await pane.getByRole('button', { name: 'Edit bits' }).click()
  const text = page.getByTestId('word-text')
  const before = await text.inputValue()
  // The lowest bit of the A operand.
  await pane.getByRole('button', { name: /^Bit 0,/ }).click()
  await expect(text).not.toHaveValue(before)
  await pane.getByRole('button', { name: /^Bit 0,/ }).click()
  await expect(text).toHaveValue(before)
  await pane.getByRole('button', { name: 'Leave the copy' }).click()
  await pane.getByRole('button', { name: /Unpin/ }).click()
  await expect(page.locator('[data-word].pin')).toHaveCount(0)
})

test('a pass switched off changes the words and the card starts anew; the document remembers it', async ({ page }) => {
  await openJit(page)
  const all = await words(page)
  await expect(page.getByTestId('words-pane')).toContainText(`NFP words${all}`)
  await page.locator('[data-pass="packet-cache"]').click()
  const pass = page.getByRole('group', { name: 'Pass Packet cache' })
  await pass.getByRole('button', { name: 'Off' }).click()
  await expect.poll(() => words(page), { timeout: 20_000 }).toBeGreaterThan(all)
  const without = await words(page)
  await expect(page.getByTestId('words-pane')).toContainText(`NFP words${without}`)
  await expect(page.locator('[data-pass="packet-cache"]')).toContainText('off')
  await expect(page.getByTestId('run')).toContainText('Pause')

  await page.getByRole('button', { name: 'Before / after' }).click()
  await page.locator('[data-pass="negative-constants"]').click()
  await expect(page.getByTestId('pass-compare')).toContainText('words')
  await page.getByRole('button', { name: 'Back to the words' }).click()

  await page.keyboard.press('ControlOrMeta+S')
  await page.reload()
  await layout(page, 'JIT')
  await expect(page.getByTestId('words-final')).toHaveText(String(without), { timeout: 20_000 })
  await page.locator('[data-pass="packet-cache"]').click()
  await pass.getByRole('button', { name: 'On' }).click()
  await expect(page.getByTestId('words-final')).toHaveText(String(all), { timeout: 20_000 })
})

test('a capability taken away turns the device gutter red with the driver’s message, the doctor gives it back', async ({
  page,
}) => {
  await openJit(page)
  await expect(page.locator('[data-insn] [data-device="ok"]').first()).toBeVisible()
  await page.getByRole('tab', { name: 'Capabilities' }).click()
  await page.getByRole('switch', { name: /Map lookup/ }).uncheck()
  const red = page.locator('[data-insn]', { has: page.locator('[data-device="fail"]') })
  await expect(red).toHaveCount(1, { timeout: 20_000 })
  await expect(red).toContainText('call bpf_map_lookup_elem')
  await expect(red).toContainText('map_lookup: not supported by FW')
  // The kernel has nothing against it.
  await expect(red.locator('[data-kernel="ok"]')).toHaveCount(1)
  // The editor says the same.
  await layout(page, 'Start')
  await editorReady(page)
  await expect(page.locator('.monaco-editor .gutter-d-fail')).toHaveCount(1)
  await layout(page, 'JIT')

  const refusal = page.getByTestId('doctor-refusal')
  await expect(refusal).toContainText('map_lookup: not supported by FW', { timeout: 20_000 })
  await refusal.getByRole('button', { name: 'Apply' }).click()
  await expect(red).toHaveCount(0, { timeout: 20_000 })
  await expect(page.getByTestId('words-final')).toHaveText(/^\d+$/, { timeout: 20_000 })
  await expect(page.locator('[data-insn] [data-device="ok"]').first()).toBeVisible()
  await page.getByRole('tab', { name: 'Capabilities' }).click()
  await expect(page.getByRole('switch', { name: /Map lookup/ })).toBeChecked()
})

test('a limit made smaller refuses the program, Reset takes it back', async ({ page }) => {
  await openJit(page)
  await page.getByRole('tab', { name: 'Capabilities' }).click()
  const length = page.getByRole('textbox', { name: 'Program length, words' })
  const own = await length.inputValue()
  await length.fill('50')
  await length.press('Enter')
  await expect(page.getByTestId('doctor-refusal')).toBeVisible({ timeout: 20_000 })
  // Refused, the card goes on with what it has.
  await layout(page, 'Start')
  const before = await total(page, 'received')
  await expect.poll(() => total(page, 'received'), { timeout: 20_000 }).toBeGreaterThan(before)
  await layout(page, 'JIT')
  await page.getByRole('tab', { name: 'Capabilities' }).click()
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect(page.getByTestId('words-final')).toHaveText(/^\d+$/, { timeout: 20_000 })
  await expect(page.getByRole('textbox', { name: 'Program length, words' })).toHaveValue(own)
})

test('the doctor’s tried change turns the gutter green and is one undo step', async ({ page }) => {
  await open(page)
  await setSource(page, REMAINDER)
  await expect(page.getByTestId('verdict-device')).toHaveClass(/fail/, { timeout: 20_000 })
  await layout(page, 'JIT')
  const red = page.locator('[data-device="fail"]')
  await expect(red).toHaveCount(1)
  const refusal = page.getByTestId('doctor-refusal')
  await expect(refusal.getByTestId('doctor-change')).toBeVisible({ timeout: 20_000 })
  await refusal.getByRole('button', { name: 'Apply' }).click()
  await expect(page.getByTestId('words-final')).toHaveText(/^\d+$/, { timeout: 20_000 })
  await expect(red).toHaveCount(0)
  expect(await sourceOf(page)).toContain('/= 7')

  await layout(page, 'Start')
  await editorReady(page)
  await expect(page.getByTestId('verdict-device')).toHaveClass(/ok/)
  await page.locator('.monaco-editor .view-lines').click()
  await page.keyboard.press('ControlOrMeta+Z')
  await expect(page.getByTestId('verdict-device')).toHaveClass(/fail/, { timeout: 20_000 })
  expect(await sourceOf(page)).toBe(REMAINDER)
})
