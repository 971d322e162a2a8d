/** Panes in a real browser: a map entry edited in place, a very long log, telemetry through both kinds of memory. */
import { createRoot } from 'react-dom/client'
import type { Root } from 'react-dom/client'
import type { ReactElement } from 'react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { LogLines } from '../src/panes/log-pane'
import { MapTable } from '../src/panes/map-table'
import { columnsOf, editField, formatField } from '../src/panes/typed-value'
import { RateHistory } from '../src/charts/rate-history'
import { EMPTY_TELEMETRY, TELEMETRY_LENGTH, readTelemetry, writeTelemetry } from '../src/workers/telemetry'

let root: Root
let host: HTMLElement

beforeEach(() => {
  host = document.createElement('div')
  host.style.cssText = 'position: fixed; inset: 0; background: white'
  document.body.append(host)
  root = createRoot(host)
})
afterEach(() => {
  root.unmount()
  host.remove()
})

const show = (element: ReactElement): void => root.render(element)

const counter = {
  kind: 'struct',
  name: 'counter',
  size: 16,
  fields: [
    { name: 'packets', offset: 0, type: { kind: 'int', size: 8, signed: false } },
    { name: 'bytes', offset: 8, type: { kind: 'int', size: 8, signed: false } },
  ],
} as const

describe('the map table', () => {
  const written: string[] = []
  const table = (
    <MapTable
      view={{
        name: 'counts',
        map: 0,
        type: 'array',
        keySize: 4,
        valueSize: 16,
        maxEntries: 256,
        entries: [{ key: '11000000', value: '0700000000000000a401000000000000' }],
        more: 255,
      }}
      definition={{
        name: 'counts',
        type: 'array',
        key_size: 4,
        value_size: 16,
        max_entries: 256,
        key: { kind: 'int', size: 4, signed: false },
        value: counter,
      }}
      protocolKeys
      raw={false}
      onUpdate={async (key, value) => {
        written.push(`${key} ${value}`)
        return undefined
      }}
      onDelete={async () => undefined}
    />
  )

  it('shows typed fields with names', async () => {
    show(table)
    await expect.element(page.getByRole('button', { name: 'packets 7, edit' })).toBeVisible()
    await expect.element(page.getByRole('button', { name: 'bytes 420, edit' })).toBeVisible()
    await expect.element(page.getByText('UDP')).toBeVisible()
  })

  it('writes one field and keeps the others, and refuses what does not fit', async () => {
    show(table)
    await userEvent.click(page.getByRole('button', { name: 'packets 7, edit' }))
    const field = page.getByRole('textbox')
    await userEvent.fill(field, '-1')
    await userEvent.keyboard('{Enter}')
    await expect.element(page.getByRole('alert')).toHaveTextContent('packets')
    expect(written).toEqual([])
    await userEvent.fill(field, '0x100')
    await userEvent.keyboard('{Enter}')
    await expect.poll(() => written).toEqual(['11000000 0001000000000000a401000000000000'])
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument()
  })

  it('leaves on Escape without writing', async () => {
    written.length = 0
    show(table)
    await userEvent.click(page.getByRole('button', { name: 'bytes 420, edit' }))
    await userEvent.fill(page.getByRole('textbox'), '9')
    await userEvent.keyboard('{Escape}')
    await expect.element(page.getByRole('button', { name: 'bytes 420, edit' })).toBeVisible()
    expect(written).toEqual([])
  })

  it('round-trips every field text', () => {
    const columns = columnsOf(counter, 16, 'value')
    for (const text of ['0', '18446744073709551615', '12345678901234']) {
      const edited = editField('00'.repeat(16), columns[1]!, text)
      expect(edited.ok && formatField(edited.hex, columns[1]!)).toBe(text)
    }
  })
})

describe('the log', () => {
  it('draws a hundred thousand lines as a few, and goes to the refusal', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `${i}: (b7) r1 = ${i}`)
    lines.push('R1 offset is outside of the packet', 'processed 100000 insns')
    const begun = performance.now()
    show(<LogLines lines={lines} error="R1 offset is outside of the packet" />)
    await expect.element(page.getByText('R1 offset is outside of the packet')).toBeVisible()
    expect(performance.now() - begun).toBeLessThan(3000)
    expect(host.querySelectorAll('.line').length).toBeLessThan(200)
    expect(host.querySelector('.line.bad')?.textContent).toContain('R1 offset')
  })
})

describe('telemetry', () => {
  const source = {
    reading: {
      now: 800,
      nanoseconds: 1000,
      counters: {
        cycles: 800,
        received: 7,
        passed: 3,
        dropped: 4,
        transmitted: 0,
        aborted: 0,
        lost: 0,
        words: 90,
        receivedBytes: 420,
        queues: [1, 2],
        busy: [5, 6, 7],
        wordCounts: Uint32Array.from([9, 8]),
        eventsSent: 1,
        eventsLost: 0,
      },
    },
    eventsLost: 2,
    running: true,
    realMs: 12,
    workers: 1,
    generation: 3,
    contextsPerCore: 4,
    contexts: new Uint8Array(12).fill(2),
    latency: [1, 2, 3],
  } as const

  it.each([
    ['shared', () => new Float64Array(new SharedArrayBuffer(TELEMETRY_LENGTH * 8))],
    ['lent', () => new Float64Array(TELEMETRY_LENGTH)],
  ])('comes back as it was written, %s memory', (_, make) => {
    const array = make()
    writeTelemetry(array, source)
    const read = readTelemetry(array)
    expect(read).toMatchObject({
      running: true,
      received: 7,
      dropped: 4,
      eventsLost: 2,
      generation: 3,
      latency: [1, 2, 3],
    })
    expect([...read.queues]).toEqual([1, 2])
    expect([...read.busy]).toEqual([5, 6, 7])
    expect(read.contexts.length).toBe(12)
    expect([...read.wordCounts]).toEqual([9, 8])
  })

  it('becomes rates over simulated time, in bounded memory', () => {
    const history = new RateHistory()
    for (let i = 0; i <= 5000; i++)
      history.add({ ...EMPTY_TELEMETRY, nanoseconds: i * 1000, received: i * 24, dropped: i * 6 })
    expect(history.current()?.rates.received).toBeCloseTo(24e6)
    const whole = history.points('whole')
    expect(whole.length).toBeLessThanOrEqual(240)
    expect(whole[0]!.at).toBeLessThan(100_000)
    for (const point of whole) expect(point.rates.dropped).toBeCloseTo(6e6)
    history.add({ ...EMPTY_TELEMETRY, nanoseconds: 10 })
    expect(history.points('recent')).toEqual([])
  })
})
