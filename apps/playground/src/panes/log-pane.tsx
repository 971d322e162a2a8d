/** The verifier's log in the kernel's exact text: a virtual list, so that a hundred thousand lines scroll smoothly. */
import { useEffect, useMemo, useRef } from 'react'
import type { ReactElement } from 'react'
import { Pane } from '../components/pane'
import { useVirtualRows } from '../components/virtual-rows'
import { pin, useLink, useShown } from '../link/service'
import { notify } from '../stores/view'

/** Slot named at the beginning of a log line, `23: (bf) …`. */
function insnOfLine(line: string): number | undefined {
  const match = /^(\d+): \(/.exec(line)
  return match === null ? undefined : Number(match[1])
}

export function LogPane({ className }: { readonly className?: string }): ReactElement {
  const { judged } = useShown()
  const kernel = judged?.compilation.kernel
  const lines = useMemo(() => (kernel?.log ?? '').replace(/\n$/, '').split('\n'), [kernel])
  const copy = (): void => {
    navigator.clipboard.writeText(kernel?.log ?? '').then(
      () => notify('info', `Log copied, ${lines.length} lines.`),
      () => notify('fail', 'The browser did not allow copying. Select the text instead.'),
    )
  }
  return (
    <Pane
      title="Log"
      context={
        kernel === undefined
          ? ''
          : `kernel ${judged?.compilation.kernel === undefined ? '' : 'text'}, ${lines.length} lines, ${kernel.processedInsns} insns walked`
      }
      className={className ?? ''}
      fixed
      testId="log-pane"
      controls={
        <button type="button" className="btn small" onClick={copy}>
          Copy
        </button>
      }
    >
      {kernel === undefined || kernel.log === '' ? (
        <div className="empty">No log yet. It appears when the kernel has judged a program.</div>
      ) : (
        <LogLines lines={lines} error={kernel.verdict === 'reject' ? kernel.error : ''} />
      )}
    </Pane>
  )
}

export function LogLines({
  lines,
  error,
}: {
  readonly lines: readonly string[]
  readonly error: string
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualRows(scroller, lines.length, 18)
  const pinned = useLink((state) => state.pinKin.insns)
  const failing = useMemo(() => (error === '' ? -1 : lines.lastIndexOf(error)), [lines, error])

  useEffect(() => {
    if (failing >= 0) list.scrollToIndex(failing, { align: 'center' })
    // Once a log.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [failing])
  useEffect(() => {
    const index = pinned.size === 0 ? -1 : lines.findIndex((line) => pinned.has(insnOfLine(line) ?? -1))
    if (index >= 0) list.scrollToIndex(index, { align: 'center' })
    // oxlint-disable-next-line react/exhaustive-deps
  }, [pinned, lines])

  return (
    <div
      ref={scroller}
      className="log"
      style={{ position: 'absolute', inset: 0, overflow: 'auto' }}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label="Verifier log"
    >
      <div style={{ height: list.getTotalSize(), position: 'relative', minWidth: 'max-content' }}>
        {list.getVirtualItems().map((item) => {
          const line = lines[item.index] ?? ''
          const insn = insnOfLine(line)
          const classes = ['line']
          if (item.index === failing) classes.push('bad')
          if (insn !== undefined && pinned.has(insn)) classes.push('lit')
          return (
            <div
              key={item.key}
              className={classes.join(' ')}
              style={{
                position: 'absolute',
                top: 0,
                left: 0,
                minWidth: '100%',
                height: 18,
                transform: `translateY(${item.start}px)`,
              }}
              onClick={insn === undefined ? undefined : () => pin({ space: 'insn', start: insn, end: insn + 1 })}
            >
              {line === '' ? '\u00a0' : line}
            </div>
          )
        })}
      </div>
    </div>
  )
}
