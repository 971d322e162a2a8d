/** A short soak; `bench/soak.bench.ts` runs the long one. */
import { expect, it } from 'vitest'
import { Soak } from './testing/soak'

it('leaves nothing behind after mixed work, and accounts for every event', () => {
  const soak = new Soak()
  for (let i = 0; i < 40; i++) soak.round()
  const report = soak.end()
  expect(report).toMatchObject({ rounds: 40, packets: 1600, mapOperations: 800, attachments: 100 })
  expect(report.outcomes['pass']).toBeGreaterThan(500)
  expect(report.events.read).toBeGreaterThan(50)
})
