/** Who cannot use a mouse, see the colours or hear the ticks: axe in every layout and theme, and a walk by keyboard. */
import AxeBuilder from '@axe-core/playwright'
import { editorReady, expect, layout, open, test } from './page'

for (const theme of ['dark', 'light'] as const)
  test(`axe finds nothing in any layout, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme })
    await open(page)
    await editorReady(page)
    test.setTimeout(300_000)
    // A still page is read faster, and says no less.
    await page.getByTestId('run').click()
    const found: string[] = []
    for (const name of ['Start', 'Verifier', 'JIT', 'Debug', 'Traffic'] as const) {
      await layout(page, name)
      await expect(page.locator('main .pane').first()).toBeVisible()
      if (name === 'JIT') await page.locator('[data-insn="0"]').click()
      await page.waitForTimeout(500)
      const axe = new AxeBuilder({ page })
      // Structure is the same in both themes.
      if (theme === 'light') axe.withRules(['color-contrast'])
      const { violations } = await axe.analyze()
      for (const { id, nodes } of violations)
        found.push(`${name}: ${id} ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
    }
    expect(found).toEqual([])
  })

test('the page can be walked by keyboard alone', async ({ page }) => {
  await open(page)
  await editorReady(page)
  await page.keyboard.press('3')
  await expect(page.getByTestId('words-pane')).toBeVisible()
  await page.keyboard.press('4')
  await expect(page.getByTestId('register-pane')).toBeVisible()
  await page.keyboard.press(' ')
  await expect(page.getByTestId('run')).toContainText('Continue')
  await expect(page.getByTestId('announcement')).toContainText('Paused after')
  const before = await page.getByTestId('state-hash').textContent()
  await page.keyboard.press('.')
  await expect(page.getByTestId('state-hash')).not.toHaveText(before ?? '')
  await page.keyboard.press('F10')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.keyboard.press('1')
  // Into the editor and out again: Ctrl+M gives Tab back.
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(() => document.activeElement?.closest('.monaco-editor') !== null)) break
  }
  expect(await page.evaluate(() => document.activeElement?.closest('.monaco-editor') !== null)).toBe(true)
  await expect(page.getByText('Leave editor')).toBeVisible()
  await page.keyboard.press('Control+M')
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('.monaco-editor') ?? null)).toBeNull()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByTestId('run')).toContainText('Pause')
})

test('phone: one pane at a time, the number by stepper', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await open(page)
  await expect(page.getByRole('button', { name: 'More', exact: true }).first()).toBeVisible()
  await page.locator('.stepper').getByRole('button', { name: 'More' }).click()
  await expect(page.locator('.stepper output')).toHaveText('54')
  await page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: 'Map' }).click()
  await expect(page.getByTestId('map-counts')).toBeVisible()
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(
    violations.map((violation) => `${violation.id} ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`),
  ).toEqual([])
})
