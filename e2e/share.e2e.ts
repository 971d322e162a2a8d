/** Links: the same session, and the same state after the same packets, for whoever opens it. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { editorReady, expect, open, sourceOf, test, edit, total, watch } from './page'

test('a link opened elsewhere gives the same state after the same packets', async ({ page, browser }) => {
  await open(page)
  await edit(page, '!= 53', '!= 443')
  await expect(page.getByTestId('verdict-device')).toHaveClass(/ok/)
  await page.getByTestId('share').click()
  await page.getByRole('checkbox').check()
  await page.getByLabel('Packets to run').fill('1500')
  const link = await page.getByTestId('share-link').inputValue()
  expect(link).toContain('#v1.')
  expect(link.length).toBeLessThan(8000)
  await page.getByTestId('show-qr').click()
  await expect(page.getByRole('img', { name: 'QR code of the link' })).toBeVisible()
  await page.getByTestId('replay-here').click()
  await expect(page.getByTestId('packets-run')).toHaveText('1500', { timeout: 30_000 })
  const here = await page.getByTestId('state-hash').textContent()

  const other = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  const problems = watch(other)
  await other.goto(link)
  await expect(other.getByTestId('packets-run')).toHaveText('1500', { timeout: 30_000 })
  await expect(other.getByTestId('state-hash')).toHaveText(here ?? '')
  await editorReady(other)
  expect(await sourceOf(other)).toContain('!= 443')
  expect(problems).toEqual([])
  await other.context().close()
})

test('the same link without shared memory gives the same state', async ({ page, browser }) => {
  await open(page)
  await page.getByTestId('share').click()
  await page.getByRole('checkbox').check()
  await page.getByLabel('Packets to run').fill('1000')
  const link = await page.getByTestId('share-link').inputValue()
  await page.getByTestId('replay-here').click()
  await expect(page.getByTestId('packets-run')).toHaveText('1000', { timeout: 30_000 })
  const here = await page.getByTestId('state-hash').textContent()

  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' })
  const other = await context.newPage()
  // The same files from a host that sends no isolation headers.
  await other.route('**/*', async (route) => {
    const answer = await route.fetch()
    const headers = Object.fromEntries(
      Object.entries(answer.headers()).filter(([name]) => !name.startsWith('cross-origin-')),
    )
    await route.fulfill({ response: answer, headers })
  })
  const problems = watch(other)
  await other.goto(link)
  expect(await other.evaluate(() => crossOriginIsolated)).toBe(false)
  await expect(other.getByTestId('honesty-strip')).toContainText('no shared memory, 1 worker')
  await expect(other.getByTestId('packets-run')).toHaveText('1000', { timeout: 30_000 })
  await expect(other.getByTestId('state-hash')).toHaveText(here ?? '')
  await other.getByTestId('run').click()
  await expect.poll(() => total(other, 'received')).toBeGreaterThan(1500)
  expect(problems).toEqual([])
  await context.close()
})

test('a damaged link says so and opens what would have opened without it', async ({ page }) => {
  await open(page, '#v1.AAAAthis-is-not-a-session')
  await expect(page.getByTestId('notice-fail')).toContainText('link')
  await expect.poll(() => total(page, 'received')).toBeGreaterThan(0)
})

test('a link of a later version says so', async ({ page }) => {
  await open(page, '#v9.abc')
  await expect(page.getByTestId('notice-fail')).toContainText('version 9')
})

test('one worker and two give the same state after the same packets', async ({ page, browser }) => {
  await open(page, '?workers=1')
  await page.getByTestId('share').click()
  await page.getByRole('checkbox').check()
  await page.getByLabel('Packets to run').fill('1000')
  const link = new URL(await page.getByTestId('share-link').inputValue())
  await page.getByTestId('replay-here').click()
  await expect(page.getByTestId('packets-run')).toHaveText('1000', { timeout: 30_000 })
  const alone = await page.getByTestId('state-hash').textContent()
  const other = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await other.goto(`./?workers=2${link.hash}`)
  await expect(other.getByTestId('packets-run')).toHaveText('1000', { timeout: 60_000 })
  await expect(other.getByTestId('honesty-strip')).toContainText('workers 2')
  await expect(other.getByTestId('state-hash')).toHaveText(alone ?? '')
  await other.context().close()
})

test('page and terminal give the same state after the same packets', async ({ page }) => {
  await open(page)
  await page.getByTestId('share').click()
  await page.getByRole('checkbox').check()
  await page.getByLabel('Packets to run').fill('1000')
  await page.getByTestId('replay-here').click()
  await expect(page.getByTestId('packets-run')).toHaveText('1000', { timeout: 30_000 })
  const command = fileURLToPath(new URL('../packages/tooling/run.mjs', import.meta.url))
  const told = execFileSync(process.execPath, [command, 'offload', 'run', 'demo:flood', '--packets', '1000', '--json'])
  const { state_hash: hash } = JSON.parse(told.toString()) as { state_hash: string }
  expect(hash).toMatch(/^[0-9a-f]{16}$/)
  await expect(page.getByTestId('state-hash')).toContainText(hash)
})
