/** Frames a second out of the generator, and dissections a second. */
import { bench, describe } from '../../tooling/bench-loop'
import { createTraffic, dissect, PRESETS, sampleFrame } from '../src/index'

describe('traffic: 10,000 frames', () => {
  for (const preset of PRESETS) {
    bench(preset.name, () => {
      const source = createTraffic(preset.spec)
      for (let i = 0; i < 10_000; i++) source.next()
    })
  }
})

describe('dissect', () => {
  const frame = sampleFrame()
  bench('UDP frame', () => {
    dissect(frame)
  })
})
