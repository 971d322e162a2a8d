/** 100,000 damaged capture files (`CAPTURE_ROUNDS`, `CAPTURE_SEED`): a capture or an error with its place, never a crash. */
import { createTraffic, dissect, readCapture, replayCapture, trafficPreset } from '../src/index'
import { mutatedCaptures } from '../src/testing/mutated-captures'

const rounds = Number(process.env['CAPTURE_ROUNDS'] ?? 100_000)
const seed = Number(process.env['CAPTURE_SEED'] ?? 1)
const source = createTraffic(trafficPreset('web')!.spec)
const next = mutatedCaptures(
  Array.from({ length: 12 }, () => source.next()!),
  seed,
)
let accepted = 0
let failures = 0
let slowest = 0
for (let round = 0; round < rounds; round++) {
  const file = next()
  const begun = performance.now()
  try {
    const result = readCapture(file)
    if (result.ok) {
      accepted++
      const replay = replayCapture(result.capture)
      for (let frame = replay.next(); frame; frame = replay.next()) {
        if (frame.data.length < 14) throw new Error(`a frame of ${frame.data.length} bytes`)
        dissect(frame.data)
      }
    } else if (result.error.message === '' || result.error.offset < 0 || result.error.offset > file.length)
      throw new Error(`error without its place: ${result.error.message} at ${result.error.offset}`)
  } catch (error) {
    failures++
    console.log(`file ${round}: ${error instanceof Error ? error.stack : String(error)}`)
  }
  slowest = Math.max(slowest, performance.now() - begun)
}
console.log(
  `${rounds} files (seed ${seed}): ${accepted} read, ${rounds - accepted} refused, ${failures} failures, slowest ${slowest.toFixed(0)} ms`,
)
if (failures > 0 || accepted === 0 || accepted === rounds) process.exitCode = 1
