/**
 * The page as the tests use it: opens it, waits for the card, types, reads counters, drops files. Every test fails on
 * an uncaught error or a console error.
 */
import { expect, test as base } from '@playwright/test'
import type { Page } from '@playwright/test'

export const test = base.extend<{ page: Page }>({
  page: async ({ page }, use) => {
    const problems = watch(page)
    await use(page)
    expect(problems, 'no uncaught error, no console error').toEqual([])
  },
})

export { expect }

/** Collects what must not happen on a page. */
export function watch(page: Page): string[] {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`)
  })
  return problems
}

export async function open(page: Page, fragment = ''): Promise<void> {
  await page.goto(`./${fragment}`)
  await expect(page.getByTestId('run')).toContainText('Pause', { timeout: 20_000 })
}

/** Open and pause at once: for tests that need no traffic, a still page leaves the processor to them. */
export async function openStill(page: Page, fragment = ''): Promise<void> {
  await open(page, fragment)
  await page.getByTestId('run').click()
  await expect(page.getByTestId('run')).toContainText('Continue')
}

export async function editorReady(page: Page): Promise<void> {
  await expect(page.getByTestId('editor')).toHaveAttribute('data-ready', 'true', { timeout: 20_000 })
}

/** Packets counted under a name since the run began. */
export async function total(page: Page, name: string): Promise<number> {
  return Number(await page.getByTestId(`total-${name}`).getAttribute('data-value'))
}

/** Share of the received packets that had this outcome, over the next few thousand packets. */
export async function shareNow(page: Page, name: string, packets = 2000): Promise<number> {
  const read = (): Promise<{ readonly part: number; readonly all: number }> =>
    page.evaluate((wanted) => {
      const value = (id: string): number =>
        Number(document.querySelector(`[data-testid=total-${id}]`)?.getAttribute('data-value'))
      return { part: value(wanted), all: value('received') }
    }, name)
  const before = await read()
  await expect.poll(async () => (await read()).all - before.all, { timeout: 40_000 }).toBeGreaterThan(packets)
  const after = await read()
  return (after.part - before.part) / (after.all - before.all)
}

/** Replace the whole text in the editor as a person would: select all, paste. */
export async function setSource(page: Page, source: string): Promise<void> {
  await editorReady(page)
  await page.locator('.monaco-editor .view-lines').click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.evaluate((text) => navigator.clipboard.writeText(text), source)
  await page.keyboard.press('ControlOrMeta+V')
}

/** The text of the editor, from the page's own autosave. */
export async function sourceOf(page: Page): Promise<string> {
  await page.keyboard.press('ControlOrMeta+S')
  return page.evaluate(
    () => (JSON.parse(localStorage.getItem('offload.document') ?? '{}') as { source?: string }).source ?? '',
  )
}

export async function edit(page: Page, from: string, to: string): Promise<void> {
  const source = await sourceOf(page)
  expect(source).toContain(from)
  await setSource(page, source.replace(from, to))
}

export async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, base64 }) => {
      const data = new DataTransfer()
      data.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name))
      return data
    },
    { name, base64: Buffer.from(bytes).toString('base64') },
  )
  await page.locator('main').dispatchEvent('dragover', { dataTransfer: transfer })
  await page.locator('main').dispatchEvent('drop', { dataTransfer: transfer })
}

export async function layout(
  page: Page,
  name: 'Start' | 'Verifier' | 'JIT' | 'Debug' | 'Traffic' | 'Talk' | 'Own',
): Promise<void> {
  await page.getByRole('navigation', { name: 'Layouts' }).getByRole('button', { name, exact: true }).click()
}

export async function chooseDemo(page: Page, title: string): Promise<void> {
  await page.getByTestId('demo-menu').click()
  await page.getByTestId('gallery-programs').getByRole('button', { name: title }).first().click()
}
