/** NFP words: spine of the block they came from, heat, address, hex, binutils' text. Linked with the BPF rows. */
import { useEffect, useMemo, useRef } from 'react'
import type { ReactElement, RefObject } from 'react'
import { wordHex } from '@offload/nfp'
import { CodeText } from '../editor/code-text'
import { useNowWord } from '../editor/now-line'
import { hover, pin, useLink, useShown } from '../link/service'
import { grouped } from '../components/number-text'

export interface WordListingProps {
  readonly relocated: boolean
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly onScroll: () => void
  readonly rowHeight: number
  /** Executions by word; empty where another program runs. */
  readonly counts: ArrayLike<number>
}

const ORIGIN: Readonly<Record<number, string>> = { [-1]: 'entry', [-2]: 'exit', [-3]: 'calls', [-4]: 'padding' }

export function WordListing({ relocated, scroller, onScroll, rowHeight, counts }: WordListingProps): ReactElement {
  const { judged, tables } = useShown()
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const pinned = useLink((state) => state.pin)
  const now = useNowWord()
  const compilation = judged?.compilation
  const words = relocated ? compilation?.relocated : compilation?.image?.words
  const hexes = useMemo(
    () => (words === undefined ? [] : [...Array(words.length / 2).keys()].map((index) => wordHex(words, index))),
    [words],
  )
  const most = useMemo(() => Array.from(counts).reduce((top, count) => Math.max(top, count), 1), [counts])
  const list = useRef(scroller)

  useEffect(() => {
    const element = list.current.current
    const row = element?.querySelector<HTMLElement>('.code-row.pin')
    if (element === null || element === undefined || row === null || row === undefined) return
    const top = row.offsetTop - element.scrollTop
    if (top < 0 || top + row.offsetHeight > element.clientHeight)
      element.scrollTo({ top: row.offsetTop - element.clientHeight / 3, behavior: 'smooth' })
  }, [pinned])

  if (compilation?.image === undefined || tables === undefined)
    return (
      <div className="empty">
        No words: the program has not been accepted by kernel and device. See Verifier for the reason.
      </div>
    )
  const { origins } = compilation.image
  return (
    <div
      className="listing"
      ref={scroller}
      onScroll={onScroll}
      onMouseLeave={() => hover(undefined)}
      tabIndex={0}
      role="group"
      aria-label="NFP words"
      style={{ ['--lh-code' as string]: `${rowHeight}px`, fontSize: '11.5px' }}
    >
      {hexes.map((hex, word) => {
        const insn = origins[word]?.insn ?? -1
        const block = insn < 0 ? undefined : tables.blocks[tables.blockOf(insn)]
        const classes = ['code-row']
        if (block !== undefined) classes.push('block')
        if (now === word) classes.push('now')
        if (pinKin.words.has(word)) classes.push('pin')
        else if (hoverKin.words.has(word)) classes.push('hover')
        const zeros = /^0*/.exec(hex)![0].length
        const count = counts[word] ?? 0
        return (
          <div
            key={word}
            className={classes.join(' ')}
            style={block === undefined ? undefined : { ['--hue' as string]: block.hue }}
            title={origins[word]?.reason}
            data-word={word}
            onMouseEnter={() => hover({ space: 'word', start: word, end: word + 1 })}
            onClick={() => pin({ space: 'word', start: word, end: word + 1 })}
          >
            <span className="spine" />
            <span className="heat" style={{ background: `var(--h-${Math.round((6 * count) / most)})` }} />
            <span className="n">{word}</span>
            <span className="ink2" style={{ width: 124 }}>
              <span className="lo">{hex.slice(0, zeros)}</span>
              {hex.slice(zeros)}
            </span>
            <span className="src">
              <CodeText text={(compilation.disassembly?.[word] ?? '').replace(/^\s*\.?\d+\s+/, '')} grammar="nfp" />
            </span>
            <span className="ann">{block === undefined ? (ORIGIN[insn] ?? '') : ''}</span>
            <span className="ann r" style={{ width: 76 }}>
              {count > 0 ? grouped(count) : ''}
            </span>
          </div>
        )
      })}
    </div>
  )
}
