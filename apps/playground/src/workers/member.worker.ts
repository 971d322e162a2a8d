/**
 * A further thread of the chip: joins over shared memory and runs its share of the cores until the chip dismisses its
 * members. Blocks while it serves, so it answers nothing; it is ended with its card. Which member runs a core has no
 * influence on any result.
 */
import { joinChip } from '@offload/nfp-chip'
import type { ChipShare } from '@offload/nfp-chip'

export interface MemberTask {
  readonly share: ChipShare
  readonly member: number
  readonly members: number
}

self.addEventListener('message', ({ data }: MessageEvent<MemberTask>) => {
  joinChip(data.share, data.member, data.members).serve()
})
