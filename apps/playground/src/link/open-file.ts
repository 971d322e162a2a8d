/**
 * Files that are dropped on the page or chosen: captures become traffic, sources the program, projects the session.
 * Anything else is answered with a sentence; whatever was there stays.
 */
import { readCapture } from '@offload/packet'
import { DOCUMENT_LIMITS, toBase64, validateDocument } from '@offload/session'
import { useDocument } from '../stores/document'
import { notify } from '../stores/view'
import { setTraffic } from '../workers/engine'

/** A capture travels in the document, in base64. */
const MAX_CAPTURE = Math.floor((DOCUMENT_LIMITS.captureCharacters * 3) / 4)
const MAX_TEXT = 2_000_000
/** Packets a second of a replay until somebody changes it. */
const REPLAY_RATE = 2_000_000

export async function openFile(file: File): Promise<void> {
  const extension = /\.([^.]+)$/.exec(file.name.toLowerCase())?.[1] ?? ''
  if (['pcap', 'pcapng', 'cap'].includes(extension)) await openCapture(file)
  else if (['bpf', 's', 'asm', 'txt'].includes(extension)) await openSource(file)
  else if (extension === 'o') await openObject(file)
  else if (extension === 'json') await openProject(file)
  else
    notify(
      'fail',
      `“${file.name}” is not a file that this page reads. Drop a capture (.pcap, .pcapng), a program (.bpf, .s, .asm, .txt, or an object .o) or a project (.json).`,
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

async function openSource(file: File): Promise<void> {
  if (file.size > MAX_TEXT) {
    notify('fail', `“${file.name}” has ${file.size} bytes; programs up to ${MAX_TEXT} bytes are read.`)
    return
  }
  const source = await file.text()
  if (source.includes('\0')) {
    notify('fail', `“${file.name}” is not text.`)
    return
  }
  const state = useDocument.getState()
  const { demo: _demo, ...rest } = state.document
  state.replace({ ...rest, title: file.name, source, entries: [] })
  notify('info', `“${file.name}” is in the editor. Ctrl+Z there brings the old text back.`)
}

async function openObject(file: File): Promise<void> {
  const { textOfObject } = await import('./open-object')
  const read = textOfObject(new Uint8Array(await file.arrayBuffer()), file.name)
  if (!read.ok) {
    notify('fail', `“${file.name}” cannot be used: ${read.error}. Everything stays as it was.`)
    return
  }
  const state = useDocument.getState()
  const { demo: _demo, ...rest } = state.document
  state.replace({ ...rest, title: read.name, source: read.text, entries: [] })
  const others = read.others.length === 0 ? '' : ` The object also holds ${read.others.join(', ')}.`
  notify('info', `Program “${read.name}” of “${file.name}” is in the editor, disassembled.${others}`)
}

async function openProject(file: File): Promise<void> {
  let value: unknown
  try {
    value = JSON.parse(await file.text())
  } catch (error) {
    notify('fail', `“${file.name}” is not JSON: ${error instanceof Error ? error.message : String(error)}.`)
    return
  }
  const result = validateDocument(value)
  if (!result.ok) {
    notify('fail', `“${file.name}” is not a project: ${result.error}.`)
    return
  }
  useDocument.getState().replace(result.document)
  notify('info', `Project “${file.name}” opened.`)
}
