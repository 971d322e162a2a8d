/** The ways of an expert: console, command palette, and what happens when an engine dies. */
import { expect as plainExpect, test as plain } from '@playwright/test'
import type { Page } from '@playwright/test'
import { expect, layout, open, setSource, test, total } from './page'

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
  await input.fill('bpftool map du')
  await input.press('Tab')
  await expect(input).toHaveValue('bpftool map dump ')
  await input.press('Tab')
  await expect(page.getByTestId('completions')).toContainText('pinned')
})

/** Shows one of the panes that share a place in the layout Traffic. */
async function side(page: Page, name: string): Promise<void> {
  await page.getByRole('group', { name: 'Pane', exact: true }).getByRole('button', { name, exact: true }).click()
}

test('A18 the architecture lights up stage by stage, says where a program was refused, and opens panes', async ({
  page,
}) => {
  await open(page)
  await layout(page, 'Traffic')
  await side(page, 'path')
  const stage = (name: string) => page.locator(`[data-stage=${name}]`)
  await expect(stage('card')).toHaveAttribute('data-state', 'done')
  await expect(stage('jit')).toContainText(/\d+ words/)
  await expect(stage('hooks')).toContainText('nfp_p0 offload')
  const refused: readonly (readonly [source: string, stage: string])[] = [
    ['.prog xdp p\n    r1 = *(u32 *)(r1 + 0)\n    r0 = *(u8 *)(r1 + 0)\n    exit\n', 'verifier'],
    ['.prog xdp p\n    r0 = 7\n    r0 %= 3\n    exit\n', 'driver'],
    ['.prog xdp p\n    r0 = 7 +\n    exit\n', 'loader'],
  ]
  for (const [source, where] of refused) {
    await layout(page, 'Start')
    await setSource(page, source)
    await layout(page, 'Traffic')
    await expect(stage(where)).toHaveAttribute('data-state', 'fail')
    await expect(stage('card')).toHaveAttribute('data-state', 'idle')
  }
  await stage('calls').click()
  await expect(page.getByTestId('syscall-pane')).toContainText('BPF_PROG_LOAD')
  await side(page, 'path')
  await stage('jit').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('words-pane')).toBeVisible()
})

test('calls, sockets, a packet by hand and the search for a rate work on the running card', async ({ page }) => {
  await open(page)
  await layout(page, 'Traffic')
  await side(page, 'calls')
  const calls = page.getByTestId('syscall-pane')
  await expect(calls).toContainText('BPF_MAP_CREATE')
  await calls.getByRole('button', { name: 'driver' }).click()
  await expect(calls).toContainText('translate')
  await calls.getByRole('button', { name: 'objects' }).click()
  await expect(calls).toContainText('nfp_p0 (XDP offload)')
  await expect(page.getByTestId('leaks')).toContainText('Loaders hold 2 descriptors')

  await side(page, 'AF_XDP')
  await page.getByTestId('open-socket').click()
  const socket = page.getByTestId('socket')
  await expect(socket).toContainText(/[1-9][\d\u202f]* received/, { timeout: 30_000 })
  await socket.getByRole('button', { name: 'sleeps' }).click()
  const rx = socket.getByRole('img', { name: /^RX ring/ })
  await expect.poll(async () => Number(await rx.getAttribute('data-used')), { timeout: 30_000 }).toBeGreaterThan(100)
  await socket.getByRole('button', { name: /^Close socket/ }).click()
  await expect(socket).toHaveCount(0)

  await side(page, 'by hand')
  const pane = page.getByTestId('hand-packet')
  const bytes = pane.getByRole('textbox', { name: 'Bytes of the packet, hex' })
  const port = pane.getByRole('textbox', { name: /Destination port$/ })
  await port.fill('4660')
  await port.press('Enter')
  await expect(bytes).toHaveValue(/12 34/)
  await expect(pane).toContainText('!')
  await pane.getByRole('button', { name: 'Repair lengths and sums' }).click()
  await expect(pane.getByRole('button', { name: 'Repair lengths and sums' })).toBeDisabled()
  await bytes.fill((await bytes.inputValue()).replace('12 34', '00 50'))
  await expect(port).toHaveValue('80')
  await bytes.fill('00 1')
  await expect(pane.getByRole('alert')).toContainText('pairs of hex digits')
  await pane.getByTestId('send-packet').click()
  await expect(page.getByTestId('notice-info')).toContainText('Sent 64 bytes to port 0')

  const form = page.getByTestId('traffic-form')
  await form.getByRole('button', { name: 'JSON' }).click()
  const json = form.getByRole('textbox', { name: 'Traffic as JSON' })
  await json.fill('{ "seed": 1, "rate": 1e6, "kinds": [] }')
  await json.blur()
  await expect(form.getByRole('alert')).toContainText('kinds')
  await json.fill(
    '{ "seed": 1, "rate": 1e6, "kinds": [{ "weight": 1, "l3": "ipv4", "l4": "udp", "flows": 9, "size": 1514 }] }',
  )
  await json.blur()
  await form.getByRole('button', { name: 'form', exact: true }).click()
  await expect(form.getByRole('textbox', { name: 'bytes' })).toHaveValue('1514')
  await form.getByRole('combobox', { name: 'Unit of the rate' }).selectOption('line')
  await expect(form.locator('input[name=rate]')).toHaveValue(/^4\d\.\d+$/)
  await form.getByRole('button', { name: 'Find the highest rate without loss' }).click()
  await expect(page.getByTestId('no-drop-rate')).toContainText('Mpps', { timeout: 60_000 })
  console.log(`no-drop rate of the flood demo at 1514 B: ${await page.getByTestId('no-drop-rate').textContent()}`)
})

test('F1 finds a command by a few letters', async ({ page }) => {
  await open(page)
  await page.keyboard.press('F1')
  await page.getByRole('combobox', { name: 'Command' }).fill('layout jit')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('words-pane')).toBeVisible()
})

test('a map that no card can hold is refused, and the page says what can be offloaded', async ({ page }) => {
  await open(page)
  await setSource(
    page,
    '.map m percpu_array key u32 value u64 max 1\n.prog xdp p\n    r1 = m ll\n    r2 = r10\n    r2 += -4\n    r0 = 0\n    *(u32 *)(r10 - 4) = r0\n    call bpf_map_lookup_elem\n    r0 = 2\n    exit\n',
  )
  await expect(page.getByTestId('verdict-device')).toHaveClass(/fail/)
  await expect(page.getByTestId('stale-badge')).toBeVisible()
  await layout(page, 'Verifier')
  await expect(page.getByTestId('why-pane')).toContainText('only array and hash')
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
