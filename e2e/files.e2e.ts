/** Files in and out: captures that are replayed, events that are exported, and files that are none of these. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readCapture } from '../packages/packet/src/index'
import { chooseDemo, drop, expect, layout, open, test, total } from './page'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const real = at('../../shared/vectors/pcap/traffic_IPIP.pcap')
const own = at('testdata/ipip.pcap')

/** Largest share of any queue over the next seconds. */
async function imbalance(page: Parameters<typeof total>[0]): Promise<number> {
  return Number(await page.getByTestId('imbalance').getAttribute('data-value'))
}

async function setMode(page: Parameters<typeof total>[0], mode: string): Promise<void> {
  const row = page.getByTestId('map-config').locator('tbody tr').first()
  await row.getByRole('button', { name: /^mode/ }).click()
  await row.getByRole('textbox').fill(mode)
  await row.getByRole('textbox').press('Enter')
  await expect(row.getByRole('button', { name: /^mode/ })).toContainText(mode)
}

// The recorded capture lies beside a checkout, where there is one; the repository's own stands alone.
const captures: (readonly [name: string, path: string])[] = [['the repository’s own capture', own]]
if (existsSync(real)) captures.push(['the recorded capture', real])
else console.log('vectors absent: traffic_IPIP.pcap (only the repository’s own capture is played)')

for (const [name, path] of captures)
  test(`${name} of IPv4 in IPv6 drives programmable RSS, and inner hashing spreads it`, async ({ page }) => {
    await open(page)
    await chooseDemo(page, 'Programmable RSS')
    await expect(page.getByTestId('verdict-device')).toHaveClass(/ok/)
    await drop(page, 'traffic.pcap', readFileSync(path))
    await expect(page.getByTestId('notice-info')).toContainText('Replaying')
    await expect(page.getByTestId('map-config')).toBeVisible()
    await setMode(page, '1')
    await page.waitForTimeout(3500)
    const outer = await imbalance(page)
    await setMode(page, '3')
    await expect.poll(() => imbalance(page), { timeout: 20_000 }).toBeLessThan(outer * 0.7)
    console.log(`imbalance by outer addresses ${outer}×, by inner addresses ${await imbalance(page)}×`)
  })

test('events exported as pcapng are read back, by our reader and by tshark', async ({ page }) => {
  await open(page)
  await chooseDemo(page, 'Packet sampler')
  await expect(page.getByTestId('verdict-device')).toHaveClass(/ok/)
  await expect(page.getByTestId('event-pane').getByRole('row').nth(5)).toBeVisible({ timeout: 30_000 })
  const download = page.waitForEvent('download')
  await page.getByTestId('export-events').click()
  const path = await (await download).path()
  const read = readCapture(readFileSync(path))
  expect(read.ok).toBe(true)
  if (!read.ok) return
  expect(read.capture.packets.length).toBeGreaterThan(4)
  const times = read.capture.packets.map((packet) => packet.seconds + packet.nanos / 1e9)
  expect(times.toSorted((a, b) => a - b)).toEqual(times)
  expect(read.capture.packets[0]!.comment).toMatch(/^events: length \d+, random \d+$/)
  const probe = spawnSync('tshark', ['--version'])
  if (probe.error !== undefined) {
    console.log('tshark is not installed: only our own reader was asked')
    return
  }
  const told = spawnSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.len', '-e', 'eth.type'], {
    encoding: 'utf8',
  })
  expect(told.status, told.stderr).toBe(0)
  const lines = told.stdout.trim().split('\n')
  expect(lines.length).toBe(read.capture.packets.length)
  expect(lines.map((line) => Number(line.split('\t')[0]))).toEqual(
    read.capture.packets.map((packet) => packet.originalLength),
  )
  console.log(`tshark reads all ${lines.length} exported events`)
})

test('a malformed capture is refused with its place, and the traffic stays', async ({ page }) => {
  await open(page)
  await drop(page, 'broken.pcap', Uint8Array.from([0xd4, 0xc3, 0xb2, 0xa1, 2, 0]))
  await expect(page.getByTestId('notice-fail')).toContainText('broken.pcap')
  await expect(page.getByTestId('notice-fail')).toContainText('byte')
  const before = await total(page, 'received')
  await expect.poll(() => total(page, 'received')).toBeGreaterThan(before)
})

test('a file of another kind is refused with what would be read', async ({ page }) => {
  await open(page)
  await drop(page, 'photo.png', Uint8Array.from([1, 2, 3]))
  await expect(page.getByTestId('notice-fail')).toContainText('.pcap')
})

test('a dropped program goes into the editor', async ({ page }) => {
  await open(page)
  await drop(page, 'mine.bpf', new TextEncoder().encode('.prog xdp mine\n    r0 = 1\n    exit\n'))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('mine.bpf')
  await expect(page.getByTestId('verdict-device')).toHaveClass(/ok/)
  await expect.poll(() => total(page, 'dropped')).toBeGreaterThan(0)
})

test('a dropped object is disassembled into text that assembles again', async ({ page }) => {
  await open(page)
  await drop(page, 'counter.o', readFileSync(at('../packages/bpf/testdata/counter.o')))
  await page
    .getByTestId('import-choice')
    .getByRole('button', { name: /^count XDP/ })
    .click()
  await expect(page.getByTestId('notice-info')).toContainText('counter.o')
  await expect(page.getByTestId('verdict-kernel')).toHaveClass(/ok/)
  await drop(page, 'broken.o', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46]))
  await expect(page.getByTestId('notice-fail')).toContainText('broken.o')
})

test('a map entry is edited while traffic runs, and a bad value is refused with the reason', async ({ page }) => {
  await open(page)
  await layout(page, 'Traffic')
  const row = page.getByTestId('map-counts').locator('tbody tr').first()
  await row.getByRole('button', { name: /^packets/ }).click()
  await row.getByRole('textbox').fill('many')
  await row.getByRole('textbox').press('Enter')
  await expect(page.getByTestId('map-error')).toContainText('many')
  await row.getByRole('textbox').fill('7000000000')
  await row.getByRole('textbox').press('Enter')
  await expect(page.getByTestId('map-error')).toHaveCount(0)
  await expect(row.getByRole('button', { name: /^packets 70\d{8}/ })).toBeVisible()
})

test('the default hash is spread over as many queues as the host says', async ({ page }) => {
  await open(page)
  await layout(page, 'Traffic')
  await expect.poll(() => imbalance(page), { timeout: 30_000 }).toBeLessThan(2)
  const field = page.getByLabel('Queues that the default hash is spread over')
  await field.fill('99')
  await field.press('Enter')
  await expect(page.getByTestId('queue-pane').getByRole('alert')).toContainText('From 1 to 8')
  await field.fill('1')
  await field.press('Enter')
  await expect.poll(() => imbalance(page), { timeout: 60_000 }).toBeGreaterThan(6)
})
