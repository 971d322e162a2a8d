/**
 * Typing to verdict for every demo: 30 keys in the editor of the built page while the card runs, p50 and p95 of the time
 * to the verdict about that text. The goal is 150 ms. Needs `dist` and Chromium; says so and ends well where either is absent.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { DEMOS } from '@offload/content'
import { defaultDocument, encodeLink } from '@offload/session'
import { chromium } from 'playwright'
import { preview } from 'vite'
import { typing } from './typing'

const root = path.resolve(import.meta.dirname, '../../..')
const known = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file !== undefined && existsSync(file))
/** Only these demos, by id; absent: all. */
const only = process.env['DEMOS']?.split(',')

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
    preview: { port: 4276, host: '127.0.0.1' },
  })
  const browser = await chromium.launch({
    ...(known === undefined ? {} : { executablePath: known }),
    args: ['--disable-gpu'],
  })
  try {
    console.log('demo               p50 ms   p95 ms   goal 150 ms')
    let missed = 0
    for (const demo of DEMOS.filter(({ id }) => only === undefined || only.includes(id))) {
      const document = { ...defaultDocument(), ...demo.session, title: demo.title, demo: demo.id, source: demo.source }
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const page = await context.newPage()
      await page.goto(`http://127.0.0.1:4276/${encodeLink(document)}`)
      const times = await typing(page)
      const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
      const within = at(0.95) < 150
      if (!within) missed++
      console.log(
        `${demo.id.padEnd(16)} ${at(0.5).toFixed(0).padStart(8)} ${at(0.95).toFixed(0).padStart(8)}   ${within ? 'within' : 'missed'}`,
      )
      await context.close()
    }
    console.log(missed === 0 ? 'every demo is within the goal' : `${missed} demos miss the goal`)
  } finally {
    await browser.close()
    await server.close()
  }
}

await main()
