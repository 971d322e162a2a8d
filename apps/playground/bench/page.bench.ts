/**
 * The page's budgets, measured in Chromium on the built page: first paint, demo running, typing to verdict, frames,
 * bytes. Needs `dist` (npm run build) and Chromium; says so and ends well where either is absent.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { chromium } from 'playwright'
import type { Browser, Page } from 'playwright'
import { typing } from './typing'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const dist = path.join(root, 'dist')
const port = 4274
const url = `http://127.0.0.1:${port}/`
const known = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file !== undefined && existsSync(file))

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
const line = (name: string, figure: string, budget: string): void =>
  console.log(`${name.padEnd(44)} ${figure.padStart(16)}   ${budget}`)

function sizes(): void {
  const files = readdirSync(path.join(dist, 'assets')).map((name) => {
    const bytes = readFileSync(path.join(dist, 'assets', name))
    return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length }
  })
  const sum = (pattern: RegExp): number =>
    files.filter(({ name }) => pattern.test(name)).reduce((total, { gzip }) => total + gzip, 0)
  for (const { name, raw, gzip } of files.toSorted((a, b) => b.gzip - a.gzip))
    line(name, `${(raw / 1000).toFixed(0)} / ${(gzip / 1000).toFixed(0)} kB`, 'raw / gzip -9')
  line('all', `${(sum(/./) / 1000).toFixed(0)} kB`, '')
}

/** Compressed bytes of what the page and its workers had fetched when the demo ran. */
function fetched(names: readonly string[]): void {
  const workers = readdirSync(path.join(dist, 'assets')).filter((name) => /^(compile|card)\.worker/.test(name))
  const weigh = (list: readonly string[]): number =>
    list.reduce(
      (total, name) => total + gzipSync(readFileSync(path.join(dist, 'assets', name)), { level: 9 }).length,
      0,
    )
  const shell = names.filter((name) => !name.startsWith('monaco') && !/worker/.test(name))
  line('shell before Monaco', `${(weigh(shell) / 1000).toFixed(0)} kB`, '≤ 300 kB compressed')
  const all = [...new Set([...names, ...workers])]
  line('all before the first run', `${(weigh(all) / 1000).toFixed(0)} kB`, '≤ 2000 kB compressed')
}

/** Milliseconds from the click on a layout's name to the frame that shows it; each layout has been fetched before. */
async function switching(page: Page): Promise<number[]> {
  const times: number[] = []
  for (let round = 0; round < 3; round++)
    for (const name of ['Verifier', 'JIT', 'Debug', 'Traffic', 'Start']) {
      const time = await page.evaluate(
        (title) =>
          new Promise<number>((resolve) => {
            const button = [...document.querySelectorAll('nav[aria-label=Layouts] button')].find(
              (candidate) => candidate.textContent === title,
            )
            const begun = performance.now()
            ;(button as HTMLButtonElement).click()
            // The frame after the one in which it was laid out has been shown.
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begun)))
          }),
        name,
      )
      if (round > 0) times.push(time)
      await page.waitForTimeout(300)
    }
  return times.toSorted((a, b) => a - b)
}

async function loaded(
  browser: Browser,
  throttle?: { cpu: number; mbit: number; latency: number },
): Promise<{ paint: number; running: number; names: string[]; page: Page }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  if (throttle !== undefined) {
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: throttle.cpu })
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: throttle.latency,
      downloadThroughput: (throttle.mbit * 1e6) / 8,
      uploadThroughput: (throttle.mbit * 1e6) / 8,
    })
  }
  await page.goto(url)
  await page.waitForFunction(
    () => Number(document.querySelector('[data-testid=total-received]')?.getAttribute('data-value')) > 0,
    undefined,
    { polling: 'raf', timeout: 120_000 },
  )
  const [paint, running] = await page.evaluate(() => [
    performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    performance.now(),
  ])
  const names = await page.evaluate(() =>
    performance.getEntriesByType('resource').flatMap(({ name }) => name.match(/assets\/(.+)$/)?.[1] ?? []),
  )
  return { paint: paint!, running: running!, names, page }
}

async function frames(page: Page): Promise<number[]> {
  // As text: a compiled function would carry helpers that the page does not have.
  return page.evaluate(`new Promise((resolve) => {
    const gaps = []
    let last = performance.now()
    requestAnimationFrame(function tick(now) {
      gaps.push(now - last)
      last = now
      if (gaps.length < 240) requestAnimationFrame(tick)
      else resolve(gaps.slice(10).toSorted((a, b) => a - b))
    })
  })`)
}

async function main(): Promise<void> {
  if (!existsSync(path.join(dist, 'index.html'))) {
    console.log('dist is absent: run "npm run build" first')
    return
  }
  sizes()
  if (known === undefined && !existsSync(chromium.executablePath())) {
    console.log('Chromium is absent: only sizes were measured')
    return
  }
  const server = spawn(
    process.execPath,
    [
      path.join(root, 'node_modules/vite/bin/vite.js'),
      'preview',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--strictPort',
    ],
    { cwd: root, stdio: 'ignore' },
  )
  const browser = await chromium.launch({
    ...(known === undefined ? {} : { executablePath: known }),
    args: ['--disable-gpu'],
  })
  try {
    for (let tries = 0; tries < 100; tries++) {
      if (
        await fetch(url).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await (await loaded(browser)).page.context().close()
    const plain = await loaded(browser)
    line('first paint', `${plain.paint.toFixed(0)} ms`, '< 1000 ms')
    line('demo running', `${plain.running.toFixed(0)} ms`, '< 2000 ms')
    fetched(plain.names)
    const keys = await typing(plain.page)
    line('typing to verdict, p50 / p95', `${at(keys, 0.5).toFixed(0)} / ${at(keys, 0.95).toFixed(0)} ms`, '< 150 ms')
    const gaps = await frames(plain.page)
    line(
      'frame gap while running, p50 / p95',
      `${at(gaps, 0.5).toFixed(1)} / ${at(gaps, 0.95).toFixed(1)} ms`,
      '≤ 20 ms',
    )
    const switches = await switching(plain.page)
    line(
      'pane switch while running, p50 / p95',
      `${at(switches, 0.5).toFixed(0)} / ${at(switches, 0.95).toFixed(0)} ms`,
      '< 50 ms',
    )
    await plain.page.context().close()
    const weak = await loaded(browser, { cpu: 4, mbit: 1000, latency: 0 })
    line('first paint, CPU ÷4', `${weak.paint.toFixed(0)} ms`, '')
    line('demo running, CPU ÷4', `${weak.running.toFixed(0)} ms`, '')
    await weak.page.context().close()
    const slow = await loaded(browser, { cpu: 4, mbit: 9, latency: 85 })
    line('first paint, CPU ÷4 and 9 Mbit/s', `${slow.paint.toFixed(0)} ms`, '')
    line('demo running, CPU ÷4 and 9 Mbit/s', `${slow.running.toFixed(0)} ms`, '')
    await slow.page.context().close()
  } finally {
    await browser.close()
    server.kill()
  }
}

await main()
