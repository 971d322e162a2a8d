/**
 * Files that are dropped on the page or chosen: captures become traffic, programs the text in the editor, projects the
 * session, lessons begin. What is in a file counts, not only its name. Anything else is answered with a sentence; whatever was there
 * stays.
 */
import { readCapture } from '@offload/packet'
import { DOCUMENT_LIMITS, toBase64, validateDocument } from '@offload/session'
import { useDocument } from '../stores/document'
import { openLesson, readLesson } from '../stores/lesson'
import { notify } from '../stores/view'
import { setTraffic } from '../workers/engine'

/** A capture travels in the document, in base64. */
const MAX_CAPTURE = Math.floor((DOCUMENT_LIMITS.captureCharacters * 3) / 4)
/** Largest program, object or project. */
const MAX_FILE = 16 * 1024 * 1024
/** Packets a second of a replay until somebody changes it. */
const REPLAY_RATE = 2_000_000

/** First bytes of pcap (both byte orders, micro- and nanoseconds) and pcapng. */
const CAPTURES = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a']

export async function openFile(file: File): Promise<void> {
  try {
    await open(file)
  } catch (error) {
    notify('fail', `“${file.name}” cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function open(file: File): Promise<void> {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer())
  const magic = [...head].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  if (/\.(pcap|pcapng|cap)$/i.test(file.name) || CAPTURES.includes(magic)) {
    await openCapture(file)
    return
  }
  if (file.size > MAX_FILE) {
    notify('fail', `“${file.name}” has ${file.size} bytes; programs and projects up to ${MAX_FILE} bytes are read.`)
    return
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (head[0] === 0x7b) {
    openProject(file.name, new TextDecoder().decode(bytes))
    return
  }
  const { importProgram } = await import('./import-program')
  if (!importProgram(bytes, file.name))
    notify(
      'fail',
      `“${file.name}” is not a file that this page reads. Drop a capture (.pcap, .pcapng), a program (.bpf, .s, an object .o, .hex, a verifier .log) or a project (.json).`,
    )
}

async function openCapture(file: File): Promise<void> {
  if (file.size > MAX_CAPTURE) {
    notify(
      'fail',
      `“${file.name}” has ${file.size} bytes; captures up to ${MAX_CAPTURE} bytes are read. Cut it with editcap first.`,
    )
    return
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  const read = readCapture(bytes)
  if (!read.ok) {
    notify(
      'fail',
      `“${file.name}” cannot be read at byte ${read.error.offset}: ${read.error.message}. The traffic stays as it was.`,
    )
    return
  }
  if (read.capture.packets.length === 0) {
    notify('fail', `“${file.name}” holds no packet. The traffic stays as it was.`)
    return
  }
  const answer = await setTraffic({
    kind: 'pcap',
    name: file.name,
    base64: toBase64(bytes, false),
    rate: REPLAY_RATE,
    loop: true,
  })
  const cut = read.capture.truncated
  if (answer.ok)
    notify(
      'info',
      `Replaying ${read.capture.packets.length} packets of “${file.name}” over and over.${cut === undefined ? '' : ` The file ends early at byte ${cut.offset}: ${cut.message}.`}`,
    )
}

function openProject(name: string, text: string): void {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    notify(
      'fail',
      `“${name}” is not JSON: ${error instanceof Error ? error.message : String(error)}. Everything stays as it was.`,
    )
    return
  }
  if (typeof value === 'object' && value !== null && 'steps' in value) {
    const read = readLesson(text)
    if (read.ok) openLesson(read.lesson)
    else notify('fail', `“${name}” is not a lesson: ${read.error}. Everything stays as it was.`)
    return
  }
  const result = validateDocument(value)
  if (!result.ok) {
    notify('fail', `“${name}” is not a project: ${result.error}. Everything stays as it was.`)
    return
  }
  useDocument.getState().replace(result.document)
  notify('info', `Project “${name}” opened.`)
}
