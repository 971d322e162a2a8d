/**
 * What this browser keeps beside the document on screen: projects, saved by name, and earlier versions, kept by
 * themselves for each text that was accepted. In IndexedDB, so that a full page of captures fits; everything read back
 * is validated like a link. Where the browser forbids storage each call fails and says so; the page works on.
 */
import { openDB } from 'idb'
import type { DBSchema, IDBPDatabase } from 'idb'
import { validateDocument } from '@offload/session'
import type { SessionDocument } from '@offload/session'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'

export interface Saved {
  /** A project's name; a version's number. */
  readonly key: string | number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly document: SessionDocument
}

interface Kept {
  readonly at: number
  readonly document: unknown
}

interface Shelf extends DBSchema {
  projects: { key: string; value: Kept }
  versions: { key: number; value: Kept }
}

export type ShelfPart = 'projects' | 'versions'

/** Versions that are kept; the oldest goes first. */
const KEPT = 100
/** An accepted text is a version once it has stood for so long. */
const REST_MS = 4000

let opened: Promise<IDBPDatabase<Shelf>> | undefined

function shelf(): Promise<IDBPDatabase<Shelf>> {
  opened ??= openDB<Shelf>('offload', 1, {
    upgrade(database) {
      database.createObjectStore('projects')
      database.createObjectStore('versions', { autoIncrement: true })
    },
  })
  return opened
}

/** Newest first. What is no session document any more is left where it is and not shown. */
export async function shelved(part: ShelfPart): Promise<readonly Saved[]> {
  const found: Saved[] = []
  const transaction = (await shelf()).transaction(part)
  for await (const { key, value } of transaction.store) {
    const result = validateDocument(value.document)
    if (result.ok) found.push({ key, at: value.at, document: result.document })
  }
  return found.sort((a, b) => b.at - a.at)
}

/** Save under the document's title; one of that name is replaced and stays among the versions. */
export async function saveProject(document: SessionDocument): Promise<void> {
  const database = await shelf()
  const before = await database.get('projects', document.title)
  await database.put('projects', { at: Date.now(), document }, document.title)
  if (before !== undefined) await keepVersion(before)
}

export async function renameProject(from: string, to: string): Promise<void> {
  const transaction = (await shelf()).transaction('projects', 'readwrite')
  const kept = await transaction.store.get(from)
  const result = validateDocument(kept?.document)
  if (kept !== undefined && result.ok) {
    await transaction.store.put({ at: kept.at, document: { ...result.document, title: to } }, to)
    await transaction.store.delete(from)
  }
  await transaction.done
}

/** Its last state stays among the versions, so that nothing is lost at once. */
export async function deleteProject(name: string): Promise<void> {
  const database = await shelf()
  const kept = await database.get('projects', name)
  if (kept !== undefined) await keepVersion({ ...kept, at: Date.now() })
  await database.delete('projects', name)
}

async function keepVersion(kept: Kept): Promise<void> {
  const transaction = (await shelf()).transaction('versions', 'readwrite')
  await transaction.store.add(kept)
  const surplus = (await transaction.store.count()) - KEPT
  if (surplus > 0)
    for (const key of await transaction.store.getAllKeys(null, surplus)) await transaction.store.delete(key)
  await transaction.done
}

/** Watch verdicts and keep what was accepted; called once. Captures are left out: large, and never edited. */
export function keepVersions(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = ''
  useVerdict.subscribe((state, before) => {
    if (state.good === before.good) return
    if (timer !== undefined) clearTimeout(timer)
    const { document } = useDocument.getState()
    timer = setTimeout(() => {
      const stands = useDocument.getState().document.source === document.source
      if (!stands || document.source === last || document.traffic.kind === 'pcap') return
      last = document.source
      // Without storage there are no versions; the project dialog says why.
      keepVersion({ at: Date.now(), document }).catch(() => undefined)
    }, REST_MS)
  })
}
