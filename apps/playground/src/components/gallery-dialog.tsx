/** Gallery: programs, refusals and lessons, with search and a short look before one is opened. */
import { useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { DEMOS, LESSONS, REFUSALS } from '@offload/content'
import type { Refusal } from '@offload/content'
import { defaultDocument, encodeProgress } from '@offload/session'
import { CodeText } from '../editor/code-text'
import { openAddress } from '../link/open-address'
import { useDocument } from '../stores/document'
import { openLesson, readLesson, useLesson } from '../stores/lesson'
import type { Progress } from '../stores/lesson'
import { notify, setLayout, useView } from '../stores/view'
import { Dialog } from './dialog'
import { Icon } from './icons'
import { Tabs } from './tabs'
import { loadDemo } from './toolbar'
import '../styles/lesson.css'

type Part = 'programs' | 'lessons' | 'refusals'

const PARTS: readonly (readonly [Part, string])[] = [
  ['programs', 'Programs'],
  ['lessons', 'Lessons'],
  ['refusals', 'Refusals'],
]

const close = (): void => useView.setState({ dialog: 'none' })

const matches = (filter: string, ...texts: readonly string[]): boolean =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => texts.some((text) => text.toLowerCase().includes(word)))

export function GalleryDialog(): ReactElement {
  const [part, setPart] = useState<Part>(useView.getState().galleryPart)
  const [filter, setFilter] = useState('')
  const choose = (next: Part): void => {
    setPart(next)
    useView.setState({ galleryPart: next })
  }
  return (
    <Dialog title="Gallery" wide onClose={close}>
      <div className="gallery-head">
        <Tabs label="Gallery" panel="gallery-panel" tabs={PARTS} value={part} onChange={choose} />
        <span className="grow" />
        <input
          className="field"
          placeholder="Search"
          aria-label="Search the gallery"
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
      </div>
      <div id="gallery-panel" role="tabpanel" aria-label={part}>
        {part === 'programs' && <Programs filter={filter} />}
        {part === 'lessons' && <Lessons filter={filter} />}
        {part === 'refusals' && <Refusals filter={filter} />}
      </div>
    </Dialog>
  )
}

function Programs({ filter }: { readonly filter: string }): ReactElement {
  const open = useDocument((state) => state.document.demo)
  const found = DEMOS.filter((demo) => matches(filter, demo.title, demo.shows, demo.sentence, demo.story, demo.source))
  return (
    <>
      <ul className="gallery" data-testid="gallery-programs">
        {found.map((demo) => (
          <li key={demo.id}>
            <button
              type="button"
              aria-current={demo.id === open ? 'true' : undefined}
              onClick={() => {
                loadDemo(demo.id)
                setLayout('start')
                close()
              }}
            >
              <b>{demo.title}</b>
              {!demo.expected.runs && <span className="gallery-note">awaited: {demo.expected.awaits}</span>}
              <span className="ink2">{demo.sentence}</span>
              <span className="dim">{demo.shows}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <Nothing />}
      <FromAddress />
    </>
  )
}

/** Nothing is fetched before the user has named an address and said so. */
function FromAddress(): ReactElement {
  const [address, setAddress] = useState('')
  const [busy, setBusy] = useState(false)
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        setBusy(true)
        void openAddress(address).then((opened) => {
          setBusy(false)
          if (opened) close()
        })
      }}
    >
      <input
        className="field grow"
        type="url"
        placeholder="https:// address of a project, program, capture or lesson; a gist"
        aria-label="Address to open"
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      <button type="submit" className="btn line" disabled={busy || address === ''}>
        {busy ? 'Fetching…' : 'Open'}
      </button>
    </form>
  )
}

function Lessons({ filter }: { readonly filter: string }): ReactElement {
  const progress = useLesson((state) => state.progress)
  const file = useRef<HTMLInputElement>(null)
  const found = LESSONS.filter((lesson) =>
    matches(filter, lesson.title, lesson.goal, ...lesson.steps.map(({ title }) => title)),
  )
  const own = async (chosen: File | undefined): Promise<void> => {
    if (chosen === undefined) return
    const read = readLesson(await chosen.text())
    if (read.ok) openLesson(read.lesson)
    else notify('fail', `${chosen.name} is not a lesson: ${read.error}.`)
  }
  return (
    <>
      <ol className="gallery lessons" data-testid="gallery-lessons">
        {found.map((lesson) => {
          const kept = progress[lesson.id]
          const done = kept !== undefined && kept.passed >= lesson.steps.length
          return (
            <li key={lesson.id}>
              <button type="button" onClick={() => openLesson(lesson)}>
                <b>
                  {LESSONS.indexOf(lesson) + 1}. {lesson.title}
                </b>
                <span className="gallery-note">
                  {done
                    ? '✓ done'
                    : kept === undefined
                      ? `${lesson.minutes} min`
                      : `${kept.passed} of ${lesson.steps.length}`}
                </span>
                <span className="ink2">{lesson.goal}</span>
              </button>
            </li>
          )
        })}
      </ol>
      {found.length === 0 && <Nothing />}
      <div className="row">
        <span className="dim grow">Progress stays in this browser.</span>
        <button
          type="button"
          className="btn line"
          disabled={Object.keys(progress).length === 0}
          title="Holds your programs and answers; an instructor grades it with: offload grade p1.…"
          onClick={() => copyCode(progress)}
        >
          Copy progress code
        </button>
        <button type="button" className="btn line" onClick={() => file.current?.click()}>
          Open a lesson file
        </button>
        <button type="button" className="btn line" onClick={() => useView.setState({ dialog: 'author' })}>
          Write a lesson
        </button>
        <input
          ref={file}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label="Lesson file"
          onChange={(event) => void own(event.currentTarget.files?.[0])}
        />
      </div>
    </>
  )
}

/** What a learner hands in: programs and answers, graded again by whoever receives it. */
function copyCode(progress: Readonly<Record<string, Progress>>): void {
  const known = LESSONS.filter(({ id }) => progress[id] !== undefined)
  const code = encodeProgress(
    '',
    known.map(({ id }) => ({ lesson: id, source: progress[id]!.source, answers: progress[id]!.answers ?? {} })),
  )
  navigator.clipboard.writeText(code).then(
    () => notify('info', `Progress code of ${known.length} lessons copied.`),
    () => notify('fail', 'The browser did not allow copying.'),
  )
}

function Refusals({ filter }: { readonly filter: string }): ReactElement {
  const [open, setOpen] = useState<string>()
  const found = REFUSALS.filter((item) => matches(filter, item.title, item.message, item.why, item.source))
  return (
    <>
      <p className="ink2">
        Ten programs that the kernel’s verifier refuses, ten that the card refuses: read the words, then the cure.
      </p>
      <ul className="gallery" data-testid="gallery-refusals">
        {found.map((item) => (
          <li key={item.id}>
            <button
              type="button"
              aria-expanded={open === item.id}
              onClick={() => setOpen(open === item.id ? undefined : item.id)}
            >
              <b>{item.title}</b>
              <span className="gallery-note">{item.by}</span>
              <code className="fail">{item.message}</code>
            </button>
            {open === item.id && <RefusalBody refusal={item} />}
          </li>
        ))}
      </ul>
      {found.length === 0 && <Nothing />}
    </>
  )
}

function RefusalBody({ refusal }: { readonly refusal: Refusal }): ReactElement {
  const put = (source: string): void => {
    useDocument.getState().replace({ ...defaultDocument(), title: refusal.title, source })
    close()
  }
  return (
    <div className="refusal">
      <p>{refusal.why}</p>
      <div className="refusal-code" tabIndex={0} role="group" aria-label="The refused program">
        {refusal.source
          .trimEnd()
          .split('\n')
          .map((line, index) => (
            <div key={`${index}`}>
              <CodeText text={line} grammar="bpf" />
            </div>
          ))}
      </div>
      <div className="row">
        <button type="button" className="btn prim" onClick={() => put(refusal.source)}>
          {Icon.code} Open it
        </button>
        <button type="button" className="btn line" onClick={() => put(refusal.cure)}>
          Open the cure
        </button>
      </div>
    </div>
  )
}

function Nothing(): ReactElement {
  return <p className="dim">Nothing here has these letters.</p>
}
