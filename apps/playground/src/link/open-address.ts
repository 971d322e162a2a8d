/**
 * A file from an address that the user names: fetched without cookies, then opened like a dropped file. Addresses of
 * pages that show a file (a gist, a file in a repository) are turned into those of the file itself.
 */
import { notify } from '../stores/view'
import { openFile } from './open-file'

const MAX_BYTES = 16 * 1024 * 1024

/** The address of the bytes behind a page that shows them; undefined for what is no https address. */
export function rawAddress(text: string): URL | undefined {
  let url: URL
  try {
    url = new URL(text.trim())
  } catch {
    return undefined
  }
  if (url.protocol !== 'https:' && url.hostname !== 'localhost' && url.hostname !== '127.0.0.1') return undefined
  const gist = /^\/([\w-]+)\/([0-9a-f]+)\/?$/.exec(url.pathname)
  if (url.hostname === 'gist.github.com' && gist !== null)
    return new URL(`https://gist.githubusercontent.com/${gist[1]}/${gist[2]}/raw`)
  const blob = /^\/([^/]+\/[^/]+)\/blob\/(.+)$/.exec(url.pathname)
  if (url.hostname === 'github.com' && blob !== null)
    return new URL(`https://raw.githubusercontent.com/${blob[1]}/${blob[2]}`)
  return url
}

/** Fetch and open; says what went wrong. True when something was fetched. */
export async function openAddress(text: string): Promise<boolean> {
  const url = rawAddress(text)
  if (url === undefined) {
    notify('fail', 'This is not an address that can be fetched: it should begin with https://.')
    return false
  }
  try {
    const answer = await fetch(url, { credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'follow' })
    if (!answer.ok) throw new Error(`the server answers ${answer.status}`)
    if (Number(answer.headers.get('content-length') ?? 0) > MAX_BYTES)
      throw new Error(`it has more than ${MAX_BYTES} bytes`)
    const bytes = await answer.arrayBuffer()
    if (bytes.byteLength > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`)
    const name = decodeURIComponent(url.pathname.split('/').findLast((part) => part !== '' && part !== 'raw') ?? 'file')
    await openFile(new File([bytes], name))
    return true
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    notify(
      'fail',
      `${url.hostname} gives nothing (${why}). It must allow reading from other pages; else download the file and drop it here.`,
    )
    return false
  }
}
