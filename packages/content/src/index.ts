import type { Demo } from './demo'
import { flood } from './demos/flood'
import { rss } from './demos/rss'
import { sampler } from './demos/sampler'

export type { Demo } from './demo'

/** All demos, the default first. */
export const DEMOS: readonly Demo[] = [flood, rss, sampler]
