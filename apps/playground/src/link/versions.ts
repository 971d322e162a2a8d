/**
 * Earlier versions of what was edited here: each program that kernel and device accepted, newest first, kept in this
 * browser. Captures are left out, they are large and have not been edited.
 */
import type { SessionDocument } from '@offload/session'
import { validateDocument } from '@offload/session'
import { useDocument } from '../stores/document'
import { recall, remember } from '../stores/view'
import { useVerdict } from '../stores/verdict'

const KEY = 'offload.versions'
const KEPT = 20
/** An accepted text is a version once it has stood for so long. */
const REST_MS = 4000

export interface Version {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly document: SessionDocument
}

export function versions(): readonly Version[] {
  try {
    const list: unknown = JSON.parse(recall(KEY) ?? '[]')
    if (!Array.isArray(list)) return []
    return list.flatMap((item: unknown): Version[] => {
      const { at, document } = item as { at?: unknown; document?: unknown }
      const result = validateDocument(document)
      return typeof at === 'number' && result.ok ? [{ at, document: result.document }] : []
    })
  } catch {
    return []
  }
}

function keep(document: SessionDocument): void {
  if (document.traffic.kind === 'pcap') return
  const earlier = versions().filter((version) => version.document.source !== document.source)
  remember(KEY, JSON.stringify([{ at: Date.now(), document }, ...earlier].slice(0, KEPT)))
}

/** Watch verdicts; called once. */
export function keepVersions(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  useVerdict.subscribe((state, before) => {
    if (state.good === before.good) return
    if (timer !== undefined) clearTimeout(timer)
    const { document } = useDocument.getState()
    timer = setTimeout(() => {
      if (useDocument.getState().document.source === document.source) keep(document)
    }, REST_MS)
  })
}
