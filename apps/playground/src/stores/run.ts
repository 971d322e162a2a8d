/** What the page knows of the running card: the newest counters, where it stopped, and how it fares. */
import { create } from 'zustand'
import type { Stop, StepSize } from '../workers/card.worker'
import { EMPTY_TELEMETRY } from '../workers/telemetry'
import type { Telemetry } from '../workers/telemetry'

export type CardStatus = 'starting' | 'running' | 'paused' | 'failed'

interface RunState {
  readonly status: CardStatus
  /** Why the card failed, in a sentence. */
  readonly failure: string | undefined
  readonly telemetry: Telemetry
  /** Set while paused. */
  readonly stop: Stop | undefined
  readonly stepSize: StepSize
  /** Simulated nanoseconds per real nanosecond; null: as fast as it goes. */
  readonly speed: number | null
  readonly sharedMemory: boolean
  /** Milliseconds from navigation to the first packets seen running. */
  readonly readyAfterMs: number | undefined
}

export const useRun = create<RunState>(() => ({
  status: 'starting',
  failure: undefined,
  telemetry: EMPTY_TELEMETRY,
  stop: undefined,
  stepSize: 'insn',
  speed: null,
  sharedMemory: globalThis.crossOriginIsolated === true,
  readyAfterMs: undefined,
}))
