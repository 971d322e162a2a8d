/** Why a path could end at a state that was explored before, in one sentence. Pure. */
import type { Cover } from '@offload/verifier'

const registers = (set: number): string[] =>
  Array.from({ length: 10 }, (_, n) => n).flatMap((n) => (((set >> n) & 1) !== 0 ? [`r${n}`] : []))

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** `insn` is where the path ends; `at` where the covering state was explored (the same, unless it was not recorded). */
export function coverText(insn: number, { step, live, precise, loop }: Cover, at: number | undefined): string {
  const place = `step ${step + 1}${at === undefined || at === insn ? '' : `, insn ${at}`}`
  if (loop)
    return `Back at insn ${insn} with a state that ${place} already had: every value is the same, so another round tells nothing new.`
  const read = registers(live)
  const exact = registers(precise & live)
  const numbers =
    exact.length > 0
      ? `Of numbers only ${listed(exact)} had to fit; others may differ.`
      : 'No number had to be the same: the way from there never relied on one.'
  const compared =
    read.length === 0
      ? 'No register is read from here on.'
      : `Only ${listed(read)} ${read.length === 1 ? 'is' : 'are'} still read from here.`
  return `Covered by the state of ${place} at insn ${insn}. ${compared} ${numbers}`
}
