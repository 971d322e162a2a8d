/** Panes as one likes: docked, maximised, named, kept; and the layout and themes for a room. */
import AxeBuilder from '@axe-core/playwright'
import { editorReady, expect, layout, openStill, test } from './page'

test('a layout of one’s own is docked, named and there after a reload', async ({ page }) => {
  await openStill(page)
  await editorReady(page)
  await layout(page, 'Own')
  await expect(page.getByRole('tab', { name: 'Program' })).toBeVisible()
  await page.getByRole('button', { name: 'Add a pane' }).click()
  await page.getByRole('menuitemradio', { name: 'Console' }).click()
  await expect(page.getByRole('tab', { name: 'Console' })).toHaveAttribute('aria-selected', 'true')
  await page.getByRole('button', { name: 'Move Console below' }).click()
  await page.getByRole('button', { name: 'Close NFP words' }).click()
  await page.getByRole('button', { name: 'Maximise Program' }).click()
  const width = async (): Promise<number> =>
    (await page.getByRole('region', { name: 'Program' }).boundingBox())?.width ?? 0
  await expect.poll(width).toBeGreaterThan(1400)
  await page.getByRole('button', { name: 'All panes' }).click()
  await expect.poll(width).toBeLessThan(1000)
  await page.getByRole('button', { name: 'Rename' }).click()
  await page.getByLabel('Name of the layout').fill('Workshop')
  await page.keyboard.press('Enter')
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id} ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
    [],
  )

  await page.reload()
  await layout(page, 'Own')
  await expect(page.getByRole('button', { name: 'Layout: Workshop' })).toBeVisible()
  await expect(page.getByRole('tab', { name: 'Console' })).toBeVisible()
  await expect(page.getByRole('tab', { name: 'NFP words' })).toHaveCount(0)
})

test('a talk has large letters, high contrast holds in every layout', async ({ page }) => {
  await openStill(page)
  await editorReady(page)
  const size = (): Promise<number> =>
    page
      .locator('.view-line')
      .first()
      .evaluate((line) => Number.parseFloat(getComputedStyle(line).fontSize))
  const small = 12
  await expect.poll(size).toBe(small)
  await layout(page, 'Talk')
  await expect.poll(size).toBeGreaterThan(small * 1.4)
  await page.getByRole('button', { name: 'Theme' }).click()
  await page.getByRole('menuitemradio', { name: /High contrast/ }).click()
  const found: string[] = []
  // What stands where is asked in the dark theme; here only what colours can spoil.
  for (const name of ['Talk', 'Start', 'Verifier', 'JIT', 'Debug', 'Traffic'] as const) {
    await layout(page, name)
    await expect(page.locator('main .pane').first()).toBeVisible()
    await page.waitForTimeout(300)
    const { violations } = await new AxeBuilder({ page }).withRules(['color-contrast']).analyze()
    for (const { id, nodes } of violations)
      found.push(`${name}: ${id} ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  }
  expect(found).toEqual([])
})
