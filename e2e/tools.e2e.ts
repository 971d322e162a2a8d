/** The ways of an expert: console, command palette, and what happens when an engine dies. */
import { expect as plainExpect, test as plain } from '@playwright/test'
import { edit, expect, layout, open, setSource, test, total } from './page'

test('the console shows the loaded program and its map', async ({ page }) => {
  await open(page)
  await layout(page, 'Traffic')
  await page.getByRole('button', { name: 'console', exact: true }).click()
  const input = page.getByTestId('console-input')
  await input.fill('bpftool prog show')
  await input.press('Enter')
  const output = page.getByTestId('console-pane').getByRole('log')
  await expect(output).toContainText('xdp')
  await expect(output).toContainText('flood')
  await input.fill('bpftool map dump name counts | head -n 3')
  await input.press('Enter')
  await expect(output).toContainText('key')
  await input.fill('no-such-tool')
  await input.press('Enter')
  await expect(output).toContainText('command not found')
  await input.press('ArrowUp')
  await expect(input).toHaveValue('no-such-tool')
})

test('F1 finds a command by a few letters', async ({ page }) => {
  await open(page)
  await page.keyboard.press('F1')
  await page.getByRole('combobox', { name: 'Command' }).fill('layout jit')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('words-pane')).toBeVisible()
})

test('the reason of a refusal is told in words, and the walk can be followed', async ({ page }) => {
  await open(page)
  await edit(page, '*(u16 *)(r7 + 36)', '*(u16 *)(r7 + 136)')
  await expect(page.getByTestId('verdict-kernel')).toHaveClass(/fail/)
  await layout(page, 'Verifier')
  await expect(page.getByTestId('why-pane')).toContainText('The kernel refuses')
  await expect(page.getByTestId('why-pane')).toContainText('data_end')
  await expect(
    page.getByTestId('log-pane').locator('.line', { hasText: 'invalid access to packet' }).first(),
  ).toBeVisible()
  await page.getByRole('button', { name: 'Previous step of the walk' }).click()
  await expect(page.getByTestId('state-pane')).toContainText('packet')
})

test('a map that no card can hold is refused, and the page says what can be offloaded', async ({ page }) => {
  await open(page)
  await setSource(
    page,
    '.map m percpu_array key u32 value u64 max 1\n.prog xdp p\n    r1 = m ll\n    r2 = r10\n    r2 += -4\n    r0 = 0\n    *(u32 *)(r10 - 4) = r0\n    call bpf_map_lookup_elem\n    r0 = 2\n    exit\n',
  )
  await expect(page.getByTestId('verdict-kernel')).toHaveClass(/fail/)
  await expect(page.getByTestId('stale-badge')).toBeVisible()
  await layout(page, 'Verifier')
  await expect(page.getByTestId('why-pane')).toContainText('only array and hash maps live on a card')
})

plain('a card that dies is restarted, and the program is safe', async ({ page }) => {
  await page.goto('./')
  await plainExpect(page.getByTestId('run')).toContainText('Pause')
  const card = await plainExpect
    .poll(() => page.workers().find((worker) => worker.url().includes('card.worker')))
    .toBeTruthy()
    .then(() => page.workers().find((worker) => worker.url().includes('card.worker')))
  await card!.evaluate(() => {
    setTimeout(() => {
      throw new Error('made by a test')
    })
  })
  await plainExpect(page.getByTestId('card-failure')).toContainText('Your program is safe')
  await page.getByTestId('card-failure').getByRole('button', { name: 'Restart' }).click()
  await plainExpect(page.getByTestId('card-failure')).toHaveCount(0)
  await plainExpect.poll(() => total(page, 'received')).toBeGreaterThan(0)
})

test('an earlier accepted program can be taken up again', async ({ page }) => {
  await open(page)
  await page.waitForTimeout(5000)
  await setSource(page, '.prog xdp other\n    r0 = 1\n    exit\n')
  await expect(page.getByTestId('verdict-banner')).toContainText('2 instructions')
  await page.keyboard.press('F1')
  await page.getByRole('combobox', { name: 'Command' }).fill('earlier version')
  await page.getByRole('option').filter({ hasNotText: ', 4 lines' }).first().click()
  await expect(page.getByTestId('verdict-banner')).toContainText('28 instructions')
})
