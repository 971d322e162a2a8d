/**
 * 500 random programs (`TIERS_ROUNDS`, `TIERS_SEED`): the precise tier, the translated one, short windows, single steps and
 * tiers that take over from each other leave the same hash, cycle and word counts, in every time model.
 */
import { START, chipWith, frames } from '../testdata/programs'
import { randomProgram } from '../testdata/random-program'
import type { TimeModel } from '../src/api'
import type { EmulatedChip } from '../src/emulated-chip'
import type { ChipOptions } from '../src/layout'

const rounds = Number(process.env['TIERS_ROUNDS'] ?? 500)
const first = Number(process.env['TIERS_SEED'] ?? 10_000)
const small: ChipOptions = { buckets: 256, recordBytes: 1 << 16, eventBytes: 1 << 12, members: 1 }

function chipOf(seed: number, options: ChipOptions, model: TimeModel): EmulatedChip {
  const chip = chipWith('swaps MAC addresses', { ...small, ...options }, { islands: 1, workersPerIsland: 2 }, model)
  chip.loadProgram(0, { words: randomProgram(seed, START, 0x01f4), start: START })
  return chip
}

/** What is left at the end; `drive` does part of the way. */
function outcome(
  seed: number,
  options: ChipOptions,
  model: TimeModel,
  drive?: (chip: EmulatedChip) => EmulatedChip,
): string {
  let chip = chipOf(seed, options, model)
  chip.offer(frames(6, 60, seed))
  if (drive) chip = drive(chip)
  chip.run(Infinity, { untilIdle: true, maxWords: 60_000 })
  return `${chip.stateHash()} ${chip.now} ${chip.counters().words} ${chip.machineChecks().length}`
}

const steps = (chip: EmulatedChip): EmulatedChip => {
  for (let count = 0; count < 300 && chip.stepWord(); count++);
  return chip
}

let different = 0
const started = performance.now()
for (let seed = first; seed < first + rounds; seed++) {
  const takeOver = (chip: EmulatedChip): EmulatedChip => {
    let last = chip
    for (const [turn, tier] of (['precise', 'translated', 'precise'] as const).entries()) {
      last.run(400 + 137 * turn + (seed % 97))
      const next = chipOf(seed, { tier }, 'exact')
      next.restore(last.snapshot())
      last = next
    }
    return last
  }
  const results = {
    'translated, exact': ['exact', outcome(seed, { tier: 'translated' }, 'exact')],
    'windows of 23': ['exact', outcome(seed, { tier: 'translated', window: 23 }, 'exact')],
    'steps, then translated': ['exact', outcome(seed, { tier: 'translated' }, 'exact', steps)],
    'taking over': ['exact', outcome(seed, { tier: 'translated' }, 'exact', takeOver)],
    'translated, quantum': ['quantum', outcome(seed, { tier: 'translated' }, 'quantum')],
    'translated, functional': ['functional', outcome(seed, { tier: 'translated' }, 'functional')],
  } as const
  const precise = {
    exact: outcome(seed, { tier: 'precise' }, 'exact'),
    quantum: outcome(seed, { tier: 'precise' }, 'quantum'),
    functional: outcome(seed, { tier: 'precise' }, 'functional'),
  }
  for (const [way, [model, result]] of Object.entries(results)) {
    if (result === precise[model]) continue
    different++
    console.log(`seed ${seed}, ${way}: ${result}, but precise ${precise[model]}`)
  }
}
const seconds = ((performance.now() - started) / 1000).toFixed(0)
console.log(`${rounds} random programs from seed ${first}, 9 ways each: ${different} differences, ${seconds} s`)
if (different > 0) process.exitCode = 1
