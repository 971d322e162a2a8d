/**
 * The verifier on the page: from a refusal to its reason, its slice and a change that passes; the tree of paths; stepping;
 * the state around a step; log levels; state at line ends.
 */
import { readFileSync } from 'node:fs'
import { chooseDemo, editorReady, expect, layout, open, openStill, setSource, sourceOf, test } from './page'

/** A check proves five bytes after r7, the last load wants eight. */
const REFUSED = `.prog xdp inner
    r6 = r1
    r7 = *(u32 *)(r6 + 0)
    r8 = *(u32 *)(r6 + 4)
    r5 = r7
    r5 += 14
    if r5 > r8 goto out
    r4 = *(u8 *)(r7 + 0)
    r4 &= 15
    r7 += r4
    r5 = r7
    r5 += 5
    if r5 > r8 goto out
    r2 = *(u16 *)(r7 + 6)
out:
    r0 = 2
    exit
`

test('a refusal says why, shows the lines that matter, and is put right by one click', async ({ page }) => {
  await openStill(page)
  await setSource(page, REFUSED)
  await layout(page, 'Verifier')

  const words = 'reads bytes 6 to 7 after r7, but only 5 bytes (0 to 4) are proven'
  await expect(page.getByTestId('why-sentence')).toContainText(words)
  await expect(page.getByTestId('refused-sentence')).toContainText(words)
  await expect(page.getByTestId('why-kernel')).toContainText('R7 offset is outside of the packet')
  await expect(page.getByTestId('why-pane').getByRole('img')).toHaveAccessibleName(/5 bytes proven.*bytes 6 to 7/)

  const slice = page.getByTestId('why-slice').getByRole('button')
  await expect(slice).toHaveCount(5)
  await expect(slice.last()).toContainText(words)
  await expect(slice.nth(3)).toContainText('proves 5 B from r7 on')
  await slice.nth(2).click()
  await expect(page.getByTestId('state-pane')).toContainText('before insn 10')
  await expect(page.locator('.code-row.matters')).toHaveCount(5)

  const fix = page.getByTestId('why-fix')
  await expect(fix).toContainText('r5 += 8')
  await expect(fix).toContainText('tried: the kernel accepts, the device too')
  await fix.getByRole('button', { name: 'Apply' }).click()
  await expect(page.getByTestId('why-pane')).toContainText('Both accept this program')
  await expect(page.getByTestId('refused-bar')).toHaveCount(0)
  expect(await sourceOf(page)).toBe(REFUSED.replace('r5 += 5', 'r5 += 8'))

  // The editor is here too, with the state at the ends of lines; the change is one undo step.
  await page.getByRole('button', { name: 'edit', exact: true }).click()
  await editorReady(page)
  await expect(page.locator('.editor-note.state').first()).toBeVisible()
  await expect(page.locator('.view-lines')).toContainText('8 B proven from r7')
  await page.locator('.monaco-editor .view-lines').first().click()
  await page.keyboard.press('ControlOrMeta+Z')
  await expect(page.getByTestId('why-sentence')).toContainText(words)
  await expect(page.locator('.editor-matters').first()).toBeVisible()
  await page.locator('.view-line', { hasText: 'r4 &= 15' }).getByText('r4', { exact: true }).hover()
  await expect(page.locator('.monaco-hover', { hasText: 'number 0…255' })).toBeVisible()
  await page.getByRole('button', { name: 'off', exact: true }).click()
  await expect(page.locator('.editor-note.state')).toHaveCount(0)
})

test('the walk is a tree that folds, steps like a debugger, and shows the state around a step', async ({ page }) => {
  await openStill(page)
  await layout(page, 'Verifier')
  const at = page.getByTestId('walk-step')
  const state = page.getByTestId('state-pane')
  const tree = page.getByRole('tree', { name: 'Paths of the walk' })
  await expect(at).toContainText(/^1 of \d+$/)

  await page.keyboard.press('.')
  await expect(at).toContainText(/^2 of /)
  await expect(state.locator('[data-name=r8]')).toContainText('packet end')
  await page.keyboard.press('.')
  await page.keyboard.press(',')
  await expect(at).toContainText(/^2 of /)
  // A value leads to the step that made it.
  await page.keyboard.press('.')
  await expect(state.locator('[data-name=r7]')).toHaveClass(/read/)
  await state.locator('[data-name=r8]').getByRole('button', { name: 'insn 1' }).click()
  await expect(at).toContainText(/^2 of /)
  await page.keyboard.press('>')
  await expect(state).toContainText('before insn 5')
  await expect(page.getByTestId('walk-foot')).toContainText(/Insn 5: visited once/)
  await page.keyboard.press('End')
  await page.keyboard.press('Home')
  await expect(at).toContainText(/^1 of /)

  // A path that ended early says what covers it and leads there.
  await tree.getByRole('treeitem').filter({ hasText: 'as at step' }).first().click()
  await expect(page.getByTestId('walk-foot')).toContainText(/Covered by the state of step \d+ at insn \d+/)
  const place = await at.textContent()
  await tree.focus()
  await page.keyboard.press('Enter')
  await expect(at).not.toHaveText(place!)

  // Folding: a long walk opens with its branches folded; arrows open and close them.
  await setSourceFromStart(page, FORKS)
  await layout(page, 'Verifier')
  const rows = tree.getByRole('treeitem')
  await page.getByRole('button', { name: 'Fold all', exact: true }).click()
  const folded = await rows.count()
  const branch = tree.locator('[aria-expanded=false]').first()
  await expect(branch).toContainText(/paths, [\d\s]+ steps/)
  await branch.click()
  await page.keyboard.press('Home')
  await tree.focus()
  await page.getByRole('button', { name: 'Unfold all' }).click()
  await expect.poll(() => rows.count()).toBeGreaterThan(folded)
  await page.keyboard.press('End')
  await expect(at).toContainText(/^(\d+) of \1$/)
})

/** Two choices, then a function of both that looks at what was chosen: paths that do not cover each other, nested. */
const FORKS = `.prog xdp forks
    r2 = *(u32 *)(r1 + 12)
    r3 = *(u32 *)(r1 + 16)
    r0 = 0
    r4 = 0
    if r2 > 7 goto a
    r4 = 1
    if r3 > 7 goto a
    r4 = 2
a:
    if r3 > 9 goto b
    if r4 > 1 goto b
    exit
b:
    if r4 == 0 goto c
    r0 = 1
c:
    exit
`

async function setSourceFromStart(page: Parameters<typeof setSource>[0], source: string): Promise<void> {
  await layout(page, 'Start')
  await setSource(page, source)
  await expect(page.getByTestId('verdict-banner')).toContainText('Kernel accepts')
}

test('the log at each level is searched and downloaded as it is', async ({ page }) => {
  await open(page)
  await chooseDemo(page, 'Packet sampler')
  await layout(page, 'Verifier')
  const log = page.getByTestId('log-pane')
  await log.getByLabel('Search the log').fill('processed')
  await expect(page.getByTestId('log-hits')).toHaveText('1/1')
  await expect(log.locator('mark')).toHaveText('processed')
  const load = async (): Promise<string> => {
    const saved = page.waitForEvent('download')
    await log.getByRole('button', { name: 'Download the log' }).click()
    return readFileSync(await (await saved).path(), 'utf8')
  }
  const two = await load()
  expect(two).toMatch(/^func#0 @0\n/)
  expect(two).toMatch(/\n0: \(\w\w\) .*\n/)
  expect(two).toMatch(/\nprocessed \d+ insns \(limit 1000000\).*\n$/)
  await log.getByRole('group', { name: 'Log level' }).getByRole('button', { name: '4' }).click()
  await expect(log).toContainText('stack depth')
  expect(await load()).toMatch(/^verification time \d+ usec\nstack depth \d+\n/)
  await log.getByRole('group', { name: 'Log level' }).getByRole('button', { name: '1' }).click()
  await expect(log).not.toContainText('stack depth')
})
