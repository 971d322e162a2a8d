/**
 * NFP words: heat, address, binutils' text, hex, cycles, executions, and why the word is there; the spine has the hue of
 * the block it came from. Linked with the BPF rows. Only the rows in sight are in the page.
 */
import { useEffect, useMemo, useRef } from 'react'
import type { ReactElement, RefObject } from 'react'
import { cost, decodeAt, wordHex } from '@offload/nfp'
import type { Cost } from '@offload/nfp'
import { USUAL_WEIGHTS, helperCosts } from '@offload/nfp-jit'
import { CodeText } from '../editor/code-text'
import { useNowWord } from '../editor/now-line'
import { hueOf, useHueBy } from '../link/hue'
import { hover, pin, useLink, useShown } from '../link/service'
import { grouped } from '../components/number-text'
import { useVirtualRows } from '../components/virtual-rows'

export interface WordListingProps {
  readonly relocated: boolean
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly onScroll: () => void
  readonly rowHeight: number
  /** Executions by word; empty where another program runs. */
  readonly counts: ArrayLike<number>
}

/** Space above the first row. */
export const WORD_LIST_TOP = 5

const OUTSIDE: Readonly<Record<number, string>> = { [-1]: 'entry', [-2]: 'exit', [-3]: 'calls', [-4]: 'padding' }

/** "1", "1–4", "3+" where a wait for memory comes on top, "4+142" with what a helper typically takes. */
export function costText({ min, max, memory }: Cost, helper?: number): string {
  return `${min === max ? min : `${min}–${max}`}${memory ? '+' : ''}${helper === undefined ? '' : `+${helper}`}`
}

/** binutils' text of a word without the word number in front. */
export function wordText(line: string | undefined): string {
  return (line ?? '').replace(/^\s*\.?\d+\s+/, '')
}

export function WordListing({ relocated, scroller, onScroll, rowHeight, counts }: WordListingProps): ReactElement {
  const { judged, tables } = useShown()
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const now = useNowWord()
  const hueBy = useHueBy((state) => state.by)
  const compilation = judged?.compilation
  const image = compilation?.image
  const words = relocated ? compilation?.relocated : image?.words
  const costs = useMemo(
    () => [...Array((image?.words.length ?? 0) / 2).keys()].map((word) => cost(decodeAt(image!.words, word))),
    [image],
  )
  const program = compilation?.program
  const helpers = useMemo(
    () => (image === undefined || program === undefined ? undefined : helperCosts(image, program)),
    [image, program],
  )
  /** Cycles that a word has taken: its executions times what one takes. */
  const spent = (word: number): number => {
    const each = costs[word]
    return each === undefined
      ? 0
      : (counts[word] ?? 0) * (each.max + (each.memory ? (USUAL_WEIGHTS.memory ?? 0) : 0) + (helpers?.get(word) ?? 0))
  }
  const most = costs.reduce((top, _, word) => Math.max(top, spent(word)), 1)
  const rows = useVirtualRows(scroller, words === undefined ? 0 : words.length / 2, rowHeight)
  const list = useRef(scroller)

  useEffect(() => {
    const element = list.current.current
    const first = Math.min(...pinKin.words)
    if (element === null || !Number.isFinite(first)) return
    const top = WORD_LIST_TOP + first * rowHeight - element.scrollTop
    if (top >= 0 && top + rowHeight <= element.clientHeight) return
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    element.scrollTo({ top: first * rowHeight - element.clientHeight / 3, behavior: still ? 'auto' : 'smooth' })
  }, [pinKin, rowHeight])

  if (compilation === undefined || image === undefined || words === undefined || tables === undefined)
    return <div className="empty">No words: the program has not been accepted by kernel and device.</div>
  return (
    <>
      <div className="word-columns" aria-hidden="true">
        <span style={{ width: 43 }}>addr</span>
        <span className="word-asm">disassembly</span>
        <span className="word-hex">word</span>
        <span className="word-cost">cycles</span>
        <span className="word-count">executed</span>
        <span className="word-why">why</span>
      </div>
      <div
        className="listing word-list"
        ref={scroller}
        onScroll={onScroll}
        onMouseLeave={() => hover(undefined)}
        tabIndex={0}
        role="group"
        aria-label="NFP words"
        style={{ ['--lh-code' as string]: `${rowHeight}px` }}
      >
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map(({ index: word, start }) => {
            const origin = image.origins[word]
            const insn = origin?.insn ?? -1
            const block = insn < 0 ? undefined : tables.blocks[tables.blockOf(insn)]
            const classes = ['code-row']
            const hue = hueOf(tables, insn, hueBy)
            if (hue !== undefined) classes.push('block')
            if (now === word) classes.push('now')
            if (pinKin.words.has(word)) classes.push('pin')
            else if (hoverKin.words.has(word)) classes.push('hover')
            const hex = wordHex(words, word)
            const zeros = /^0*/.exec(hex)![0].length
            const count = counts[word] ?? 0
            const why = origin?.reason ?? ''
            return (
              <div
                key={word}
                className={classes.join(' ')}
                style={{ top: start, ...(hue === undefined ? {} : { ['--hue' as string]: hue }) }}
                data-word={word}
                onMouseEnter={() => hover({ space: 'word', start: word, end: word + 1 })}
                onClick={() => pin({ space: 'word', start: word, end: word + 1 })}
              >
                <span className="spine" />
                <span className="heat" style={{ background: `var(--h-${Math.round((6 * spent(word)) / most)})` }} />
                <span className="n">{word}</span>
                <span className="word-asm">
                  <CodeText text={wordText(compilation.disassembly?.[word])} grammar="nfp" />
                </span>
                <span className="word-hex ink2">
                  <span className="lo">{hex.slice(0, zeros)}</span>
                  {hex.slice(zeros)}
                </span>
                <span className="ann word-cost">{costText(costs[word]!, helpers?.get(word))}</span>
                <span className="ann word-count">{count > 0 ? grouped(count) : ''}</span>
                <span className="ann word-why" title={why}>
                  {block === undefined ? <b>{OUTSIDE[insn] ?? ''} </b> : ''}
                  {why}
                </span>
              </div>
            )
          })}
        </div>
      </div>
    </>
  )
}
