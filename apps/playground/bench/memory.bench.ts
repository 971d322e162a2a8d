/**
 * Memory of the running page over time: JavaScript heap of page and workers, DOM nodes. `MINUTES=60` for the long run;
 * three minutes by itself. Needs `dist` and Chromium; says so and ends well where either is absent.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright'
import { preview } from 'vite'

const root = path.resolve(import.meta.dirname, '../../..')
const minutes = Math.max(1, Number(process.env['MINUTES'] ?? 3))
const known = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file !== undefined && existsSync(file))

interface Figures {
  readonly all: number
  readonly nodes: number
  readonly received: number
}

/** As text: a compiled function would carry helpers that the page does not have. */
const READ = `(async () => ({
  all: (await performance.measureUserAgentSpecificMemory()).bytes,
  nodes: document.querySelectorAll('*').length,
  received: Number(document.querySelector('[data-testid=total-received]')?.getAttribute('data-value')),
}))()`

async function main(): Promise<void> {
  if (!existsSync(path.join(root, 'dist/index.html'))) {
    console.log('dist is absent: run "npm run build" first')
    return
  }
  if (known === undefined && !existsSync(chromium.executablePath())) {
    console.log('Chromium is absent: nothing was measured')
    return
  }
  const server = await preview({
    root: path.join(root, 'apps/playground'),
    configFile: path.join(root, 'vite.config.ts'),
    preview: { port: 4275, host: '127.0.0.1' },
  })
  const browser = await chromium.launch({
    ...(known === undefined ? {} : { executablePath: known }),
    args: ['--disable-gpu'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto('http://127.0.0.1:4275/')
    await page.waitForSelector('[data-testid=editor][data-ready=true]', { timeout: 60_000 })
    console.log('minute   page and workers   DOM nodes   packets')
    const marks = [...new Set([1, Math.ceil(minutes / 2), minutes])]
    for (let minute = 1; minute <= minutes; minute++) {
      await page.waitForTimeout(60_000)
      if (!marks.includes(minute)) continue
      const { all, nodes, received } = (await page.evaluate(READ)) as Figures
      console.log(
        `${String(minute).padStart(6)}   ${`${(all / 2 ** 20).toFixed(1)} MiB`.padStart(16)}   ${String(nodes).padStart(9)}   ${received}`,
      )
    }
  } finally {
    await browser.close()
    await server.close()
  }
}

await main()
