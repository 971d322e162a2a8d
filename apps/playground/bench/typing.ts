/** How long the page takes from a key in the editor to the verdict about that text. Shared by benches. */
import type { Page } from 'playwright'

/** Milliseconds from a key in the editor to the verdict about that text. */
export async function typing(page: Page): Promise<number[]> {
  await page.waitForSelector('[data-testid=editor][data-ready=true]', { timeout: 60_000 })
  await page.locator('.monaco-editor .view-lines').click()
  await page.keyboard.press('Control+End')
  const times: number[] = []
  for (let i = 0; i < 30; i++) {
    await page.evaluate(() => {
      const watched = document.querySelector('[data-testid=verdict-banner]')!
      const target = globalThis as unknown as { verdictAfter?: Promise<number> }
      target.verdictAfter = new Promise((resolve) => {
        addEventListener(
          'keydown',
          () => {
            const begun = performance.now()
            let checking = false
            const observer = new MutationObserver(() => {
              const now = watched.querySelector('.spinner') !== null
              if (checking && !now) {
                observer.disconnect()
                resolve(performance.now() - begun)
              }
              checking ||= now
            })
            observer.observe(watched, { childList: true, subtree: true })
          },
          { once: true, capture: true },
        )
      })
    })
    await page.keyboard.press(i % 2 === 0 ? ';' : 'Backspace')
    times.push(await page.evaluate(() => (globalThis as unknown as { verdictAfter: Promise<number> }).verdictAfter))
  }
  return times.toSorted((a, b) => a - b)
}
