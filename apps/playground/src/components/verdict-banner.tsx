/** Kernel, device, size: always under the editor, in the same place. Says how old a running program is. */
import type { ReactElement } from 'react'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'

export type Verdict = 'ok' | 'fail' | 'none'

function Mark({ verdict, who }: { readonly verdict: Verdict; readonly who: string }): ReactElement {
  const text = verdict === 'ok' ? 'accepts' : verdict === 'fail' ? 'refuses' : 'not asked'
  return (
    <span className={`verdict ${verdict === 'none' ? 'idle' : verdict}`} data-testid={`verdict-${who.toLowerCase()}`}>
      <span className="glyph" aria-hidden="true">
        <i>{verdict === 'ok' ? '✓' : verdict === 'fail' ? '✕' : '·'}</i>
      </span>
      {who} {text}
    </span>
  )
}

/** Both opinions on the newest text. */
export function useVerdicts(): { readonly assembles: boolean; readonly kernel: Verdict; readonly device: Verdict } {
  const last = useVerdict((state) => state.last)
  const compilation = last?.compilation
  const kernel: Verdict =
    compilation?.kernel === undefined ? 'none' : compilation.kernel.verdict === 'accept' ? 'ok' : 'fail'
  // Some things are refused before the driver is asked of an instruction: a map of a kind that no device holds.
  const refused = compilation?.diagnostics.some(({ source, severity }) => source === 'device' && severity === 'error')
  const device: Verdict =
    refused === true || compilation?.device?.verdict === 'driver-reject'
      ? 'fail'
      : compilation?.device?.verdict === 'ok'
        ? 'ok'
        : 'none'
  return { assembles: compilation?.program !== undefined, kernel, device }
}

/** How many edits the running program is behind the text, when it is another one. */
export function useStaleEdits(): number {
  const good = useVerdict((state) => state.good)
  const last = useVerdict((state) => state.last)
  const edits = useDocument((state) => state.edits)
  if (good === undefined || last === undefined || last.compilation.ok) return 0
  return Math.max(0, edits - good.edits)
}

export function VerdictBanner(): ReactElement {
  const { last, good, checking, stopped } = useVerdict()
  const { assembles, kernel, device } = useVerdicts()
  const stale = useStaleEdits()
  const compilation = last?.compilation
  const instructions = compilation?.program === undefined ? 0 : compilation.program.insns.length / 8
  const first = compilation?.diagnostics.find((finding) => finding.severity === 'error')
  if (stopped !== undefined)
    return (
      <div className="pane-foot" data-testid="verdict-banner">
        <span className="verdict fail">
          <span className="glyph" aria-hidden="true">
            <i>✕</i>
          </span>
          Check stopped
        </span>
        <span className="dim ellipsis" title={stopped}>
          {stopped}
        </span>
      </div>
    )
  if (last === undefined)
    return (
      <div className="pane-foot" data-testid="verdict-banner">
        <span className="spinner" />
        <span className="dim">Checking</span>
      </div>
    )
  return (
    <div className="pane-foot" data-testid="verdict-banner">
      {assembles ? (
        <>
          <Mark verdict={kernel} who="Kernel" />
          <Mark verdict={device} who="Device" />
        </>
      ) : (
        <span className="verdict fail">
          <span className="glyph" aria-hidden="true">
            <i>✕</i>
          </span>
          Does not assemble
        </span>
      )}
      {compilation?.ok === true && compilation.image !== undefined ? (
        <span className="dim nowrap">
          {instructions} instructions → {compilation.image.words.length / 2} words
        </span>
      ) : (
        first !== undefined && (
          <span className="dim ellipsis" title={first.message}>
            line {first.range.startLine}: {first.message}
          </span>
        )
      )}
      <span className="grow" />
      {stale > 0 && good !== undefined && (
        <span className="badge stale" data-testid="stale-badge">
          still running the last good program, {stale} {stale === 1 ? 'edit' : 'edits'} old
        </span>
      )}
      {checking && <span className="spinner" title="Checking" />}
    </div>
  )
}
