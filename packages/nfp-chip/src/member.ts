/**
 * Sharing the cores of one chip among members: the chip's own thread (member 0, the leader) and any number of other
 * threads that join over the same SharedArrayBuffer. Members run their cores through a window; then the leader alone
 * serves what was logged. Which member runs a core has no influence on any result. Making threads is the caller's job.
 * Follows chip-engine.md, section 7 (points 10 to 12).
 */
import type { ChipConfig } from './api'
import { createCoreRunner } from './core-runner'
import type { CoreRunner } from './core-runner'
import { HDR, layoutOf, memoryOver } from './layout'
import type { ChipMemory, ChipOptions } from './layout'
import { createMemoryUnit } from './memory-unit'
import { timingOf } from './timing'
import type { WasmMemory } from '@offload/wasm'

/** Everything another thread needs to join; can be posted to it as it is. */
export interface ChipShare {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  /** The WebAssembly.Memory around the buffer, which other threads need for the translated tier. */
  readonly wasm?: WasmMemory
  readonly config: ChipConfig
  readonly options: ChipOptions
}

/** Commands in `HDR.command`. */
const COMMAND = { window: 0, leave: 1 } as const

/** Looks at a shared word so many times before the thread goes to sleep: about 20 microseconds. */
const SPINS = 4000
/** The same, for members that leave. */
const LEAVING_SPINS = 5_000_000

/** Fewer active cores than this for each member are not worth a barrier. */
const CORES_WORTH_A_BARRIER = 4

/**
 * Waits until word `at` differs from `seen`; spins first, since the others are usually about to finish. After `patience`
 * milliseconds of sleep it gives `seen`.
 */
function waitForChange(words: Int32Array, at: number, seen: number, patience = Infinity): number {
  for (let spin = 0; spin < SPINS; spin++) {
    const value = Atomics.load(words, at)
    if (value !== seen) return value
  }
  for (;;) {
    const woke = Atomics.wait(words, at, seen, patience)
    const value = Atomics.load(words, at)
    if (value !== seen || woke === 'timed-out') return value
  }
}

function runShare(memory: ChipMemory, runner: CoreRunner, first: number, step: number, end: number): void {
  const { floats: F, layout } = memory
  runner.refresh()
  const engine = runner.engine()
  if (engine) {
    engine.runCores(first, step, end)
    return
  }
  for (let core = first; core < layout.coreCount; core += step) {
    if (F[(layout.nextTimes >> 1) + core]! < end) runner.run(core, end)
  }
}

/** The leader's side: runs one window with as many members as have joined. */
export interface WindowRunner {
  /** Throws an Error when a member does not finish in time. */
  run(end: number): void
  /** Whether other members are there to help. */
  readonly shared: boolean
  setMembers(members: number): void
  /** Lets the others sleep while off; results are the same. */
  parallel(on: boolean): void
  dismiss(): void
}

export function createWindowRunner(memory: ChipMemory, runner: CoreRunner, patience = 10_000): WindowRunner {
  const { words: H, floats: F, layout } = memory
  const { header } = layout
  let members = 1
  let enabled = true

  function activeCores(end: number): number {
    let active = 0
    for (let core = 0; core < layout.coreCount; core++) {
      if (F[(layout.nextTimes >> 1) + core]! < end) active++
    }
    return active
  }

  function run(end: number): void {
    const ready = enabled && members > 1 && Atomics.load(H, header + HDR.joined) === members - 1
    if (!ready || activeCores(end) < CORES_WORTH_A_BARRIER * members) {
      runShare(memory, runner, 0, 1, end)
      return
    }
    Atomics.store(H, header + HDR.finished, 0)
    Atomics.add(H, header + HDR.phase, 1)
    Atomics.notify(H, header + HDR.phase)
    runShare(memory, runner, 0, members, end)
    let finished = Atomics.load(H, header + HDR.finished)
    while (finished < members - 1) {
      const seen = finished
      finished = waitForChange(H, header + HDR.finished, seen, patience)
      if (finished === seen) giveUp(members - 1 - seen)
    }
  }

  /** Members are gone in the middle of a window: nobody knows what their cores did, so the state is of no use any more. */
  function giveUp(missing: number): never {
    dismiss()
    Atomics.store(H, header + HDR.joined, 0)
    throw new Error(
      `${missing} member(s) did not finish a window within ${patience} ms, so the chip's state is incomplete: ` +
        'restore a snapshot, then run again (this thread alone, until share is called)',
    )
  }

  function setMembers(count: number): void {
    if (count < 1 || count > layout.members)
      throw new RangeError(`${count} members: 1 to ${layout.members} are possible`)
    // Members that were dismissed just now may still be on their way out.
    for (let spin = 0; spin < LEAVING_SPINS && Atomics.load(H, header + HDR.joined) > 0; spin++);
    Atomics.store(H, header + HDR.command, COMMAND.window)
    members = count
    H[header + HDR.members] = count
    H[header + HDR.mostMembers] = Math.max(count, H[header + HDR.mostMembers]!)
  }

  function dismiss(): void {
    members = 1
    H[header + HDR.members] = 1
    Atomics.store(H, header + HDR.command, COMMAND.leave)
    Atomics.add(H, header + HDR.phase, 1)
    Atomics.notify(H, header + HDR.phase)
  }

  return {
    run,
    get shared() {
      return enabled && members > 1
    },
    setMembers,
    parallel: (on) => {
      enabled = on
    },
    dismiss,
  }
}

/** The other side of the barrier. */
export interface ChipMember {
  /** Works until the chip dismisses its members; blocks its thread. When it throws, the leader goes on alone. */
  serve(): void
}

/** Joins a shared chip as member 1 .. members - 1. Throws a RangeError when the chip is not shared. */
export function joinChip(share: ChipShare, member: number, members: number): ChipMember {
  const { buffer, config, options } = share
  if (buffer instanceof ArrayBuffer) throw new RangeError('the chip was made without shared memory')
  if (member < 1 || member >= members) throw new RangeError(`member ${member} of ${members}`)
  const memory = memoryOver(layoutOf(config, options), buffer, share.wasm)
  const runner = createCoreRunner(memory, config, options, timingOf(config.device), member, createMemoryUnit(memory))
  const { words: H, floats: F, layout } = memory
  const { header } = layout

  function serve(): void {
    let phase = Atomics.load(H, header + HDR.phase)
    Atomics.add(H, header + HDR.joined, 1)
    try {
      for (;;) {
        phase = waitForChange(H, header + HDR.phase, phase)
        if (Atomics.load(H, header + HDR.command) === COMMAND.leave) return
        try {
          runShare(memory, runner, member, members, F[(header + HDR.windowEndF) >> 1]!)
        } finally {
          // Whatever happened here, the leader must not wait for ever.
          Atomics.add(H, header + HDR.finished, 1)
          Atomics.notify(H, header + HDR.finished)
        }
      }
    } finally {
      Atomics.sub(H, header + HDR.joined, 1)
    }
  }

  return { serve }
}
