/** The lessons in the order in which they are best taken. */
import type { Lesson } from '@offload/session'
import { atomics } from './atomics'
import { changePacket } from './change-packet'
import { counting } from './counting'
import { eventsLesson } from './events'
import { functions } from './functions'
import { helloDrop } from './hello-drop'
import { lineRate } from './line-rate'
import { steer } from './steer'
import { toWords } from './to-words'
import { verifierState } from './verifier-state'
import { verifierWants } from './verifier-wants'
import { wontOffload } from './wont-offload'

export const LESSONS: readonly Lesson[] = [
  helloDrop,
  verifierWants,
  verifierState,
  toWords,
  counting,
  atomics,
  changePacket,
  steer,
  eventsLesson,
  functions,
  wontOffload,
  lineRate,
]
