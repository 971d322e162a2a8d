/** The line that the paused card is about to execute. */
import { tablesOf } from '../link/service'
import { useRun } from '../stores/run'
import { useVerdict } from '../stores/verdict'

/** The word of the program that the stopped context stands on, counted from the program's first word. */
export function useNowWord(): number | undefined {
  const stop = useRun((state) => state.stop)
  const word = stop?.programWord
  return word === undefined || word < 0 ? undefined : word
}

export function useNowInsn(): number | undefined {
  const word = useNowWord()
  const good = useVerdict((state) => state.good)
  const tables = tablesOf(good)
  if (word === undefined || tables === undefined || word >= tables.wordCount) return undefined
  const insn = tables.insnOf(word)
  return insn < 0 ? undefined : insn
}

export function useNowLine(): number | undefined {
  const insn = useNowInsn()
  const good = useVerdict((state) => state.good)
  const line = insn === undefined ? 0 : (tablesOf(good)?.lineOf(insn) ?? 0)
  return line === 0 ? undefined : line
}
