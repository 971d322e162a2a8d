/**
 * The main job in a second browser: the demo runs, a number is changed, the verdict and the words are there. Firefox is
 * driven over WebDriver BiDi, which Playwright does not speak to a released one; FIREFOX_PATH names it.
 */
import { existsSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import puppeteer from 'puppeteer-core'

const firefox = [process.env['FIREFOX_PATH'], '/usr/bin/firefox-esr', '/usr/bin/firefox'].find(
  (file) => file !== undefined && existsSync(file),
)

// `npm test` installs Firefox where it may; where it may not, its absence is said.
if (firefox === undefined) console.log('Firefox is absent: install firefox-esr or set FIREFOX_PATH')
else
  test('Firefox: a demo runs, an edit is judged and runs, its words are shown', async ({ baseURL }) => {
    const browser = await puppeteer.launch({ browser: 'firefox', executablePath: firefox, headless: true })
    try {
      const page = await browser.newPage()
      await page.setViewport({ width: 1440, height: 900 })
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(String(error)))
      await page.goto(baseURL!)
      const value = (name: string): Promise<number> =>
        page.evaluate(
          (id) => Number(document.querySelector(`[data-testid=total-${id}]`)?.getAttribute('data-value')),
          name,
        )
      await expect.poll(() => value('received'), { timeout: 60_000 }).toBeGreaterThan(1000)
      expect(await value('dropped')).toBeGreaterThan(0)

      await page.waitForSelector('[data-testid=editor][data-ready=true]', { timeout: 60_000 })
      await page.click('.monaco-editor .view-lines')
      await page.keyboard.down('Control')
      await page.keyboard.press('End')
      await page.keyboard.up('Control')
      await page.keyboard.type('nonsense')
      const verdict = (): Promise<string> =>
        page.evaluate(() => document.querySelector('[data-testid=verdict-banner]')?.textContent ?? '')
      await expect.poll(verdict, { timeout: 30_000 }).not.toContain('Device accepts')
      for (let i = 0; i < 'nonsense'.length; i++) await page.keyboard.press('Backspace')
      await expect.poll(verdict, { timeout: 30_000 }).toContain('Device accepts')

      await page.evaluate(() => {
        const buttons = [...document.querySelectorAll<HTMLButtonElement>('nav[aria-label=Layouts] button')]
        buttons.find(({ textContent }) => textContent === 'JIT')?.click()
      })
      await page.waitForSelector('[data-testid=words-pane]', { timeout: 30_000 })
      expect(problems).toEqual([])
    } finally {
      await browser.close()
    }
  })
