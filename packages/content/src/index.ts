import type { Demo } from './demo'
import { afxdp } from './demos/afxdp'
import { blocklist } from './demos/blocklist'
import { classifier } from './demos/classifier'
import { copy } from './demos/copy'
import { flood } from './demos/flood'
import { gym } from './demos/gym'
import { hotKey } from './demos/hot-key'
import { l4lb } from './demos/l4lb'
import { loop } from './demos/loop'
import { parser } from './demos/parser'
import { ports } from './demos/ports'
import { rss } from './demos/rss'
import { sampler } from './demos/sampler'
import { tailCall } from './demos/tail-call'
import { tooBig } from './demos/too-big'
import { twoStages } from './demos/two-stages'
import { xdpdump } from './demos/xdpdump'

export type { Demo, ExpectedRefusal, ExpectedRun, Outcomes } from './demo'
export { REFUSALS } from './refusals'
export type { Refusal } from './refusals'

/** All demos, the default first. */
export const DEMOS: readonly Demo[] = [
  flood,
  blocklist,
  l4lb,
  rss,
  xdpdump,
  sampler,
  tooBig,
  parser,
  gym,
  copy,
  twoStages,
  ports,
  classifier,
  loop,
  hotKey,
  afxdp,
  tailCall,
]
export { LESSONS } from './lessons'
