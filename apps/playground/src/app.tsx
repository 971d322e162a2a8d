/** The page: toolbar, the banner of a refusal or a stop, one layout, the honesty strip; drops, keys and dialogs on top. */
import { Suspense, lazy, useEffect, useState, useSyncExternalStore } from 'react'
import type { DragEvent, ReactElement } from 'react'
import { ErrorBoundary } from './components/error-boundary'
import { HonestyStrip } from './components/honesty-strip'
import { Notices } from './components/notices'
import { RefusedBar } from './components/refused-bar'
import { ShareDialog } from './components/share-dialog'
import { handleKey } from './components/shortcuts'
import { Toolbar } from './components/toolbar'
import { StopBar } from './components/stop-bar'
import { PhoneLayout } from './layout/phone'
import { StartLayout } from './layout/start'
import { openFile } from './link/open-file'
import { useImported } from './stores/imported'
import { openFragment } from './link/restore'
import { useDocument } from './stores/document'
import { useLesson } from './stores/lesson'
import { useRun } from './stores/run'
import { useView } from './stores/view'
import { restart } from './workers/engine'

const NARROW = matchMedia('(max-width: 719px)')
const subscribeNarrow = (notify: () => void): (() => void) => {
  NARROW.addEventListener('change', notify)
  return () => NARROW.removeEventListener('change', notify)
}

/** What *Start* does not need is fetched once the demo runs, so that it is there before anybody asks. */
const later = {
  verifier: () => import('./layout/verifier'),
  jit: () => import('./layout/jit'),
  debug: () => import('./layout/debug'),
  traffic: () => import('./layout/traffic'),
  talk: () => import('./layout/talk'),
  own: () => import('./layout/own'),
  help: () => import('./components/help-dialog'),
  commands: () => import('./components/command-palette'),
  projects: () => import('./components/project-dialog'),
  gallery: () => import('./components/gallery-dialog'),
}
const HelpDialog = lazy(async () => ({ default: (await later.help()).HelpDialog }))
const ImportDialog = lazy(async () => ({ default: (await import('./components/import-dialog')).ImportDialog }))
const ProjectDialog = lazy(async () => ({ default: (await later.projects()).ProjectDialog }))
const GalleryDialog = lazy(async () => ({ default: (await later.gallery()).GalleryDialog }))
const AuthorDialog = lazy(async () => ({ default: (await import('./components/author-dialog')).AuthorDialog }))
const LessonPane = lazy(async () => ({ default: (await import('./panes/lesson-pane')).LessonPane }))
const CommandPalette = lazy(async () => ({ default: (await later.commands()).CommandPalette }))
const LAYOUTS = {
  start: StartLayout,
  verifier: lazy(async () => ({ default: (await later.verifier()).VerifierLayout })),
  jit: lazy(async () => ({ default: (await later.jit()).JitLayout })),
  debug: lazy(async () => ({ default: (await later.debug()).DebugLayout })),
  traffic: lazy(async () => ({ default: (await later.traffic()).TrafficLayout })),
  own: lazy(async () => ({ default: (await later.own()).OwnLayout })),
  talk: lazy(async () => ({ default: (await later.talk()).TalkLayout })),
} as const

function fetchTheRest(): void {
  const fetchAll = (): void => {
    // A part that cannot be fetched now is asked for again when it is opened.
    for (const load of Object.values(later)) load().catch(() => undefined)
  }
  if ('requestIdleCallback' in globalThis) requestIdleCallback(fetchAll, { timeout: 8000 })
  else setTimeout(fetchAll, 3000)
}

export function App(): ReactElement {
  const layout = useView((state) => state.layout)
  const title = useDocument((state) => state.document.title)
  const dialog = useView((state) => state.dialog)
  const choosing = useImported((state) => state.choice !== undefined)
  const narrow = useSyncExternalStore(subscribeNarrow, () => NARROW.matches)
  const [dragging, setDragging] = useState(false)
  const running = useRun((state) => state.readyAfterMs !== undefined)

  useEffect(() => {
    document.title = `${title} · Offload Playground`
  }, [title])
  useEffect(() => {
    if (layout === 'talk') document.documentElement.dataset['scale'] = 'talk'
    else delete document.documentElement.dataset['scale']
  }, [layout])
  useEffect(() => {
    if (running) fetchTheRest()
  }, [running])

  useEffect(() => {
    addEventListener('keydown', handleKey, { capture: true })
    const opened = (): void => void openFragment(location.hash)
    addEventListener('hashchange', opened)
    return () => {
      removeEventListener('keydown', handleKey, { capture: true })
      removeEventListener('hashchange', opened)
    }
  }, [])

  const over = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    setDragging(true)
  }
  const drop = (event: DragEvent): void => {
    setDragging(false)
    const file = event.dataTransfer.files[0]
    if (file === undefined) return
    event.preventDefault()
    event.stopPropagation()
    void openFile(file)
  }
  const Layout = LAYOUTS[layout]
  const lesson = useLesson((state) => state.lesson !== undefined)
  const beside = lesson && (
    <Suspense>
      <LessonPane />
    </Suspense>
  )
  return (
    <div
      style={{ height: '100%' }}
      onDragOverCapture={over}
      onDropCapture={drop}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) setDragging(false)
      }}
    >
      {narrow ? (
        <PhoneLayout lesson={beside} />
      ) : (
        <div className="shell">
          <Toolbar />
          <aside aria-label="State of the session">
            {layout !== 'start' && (
              <h1 className="visually-hidden">
                {title}, {layout}
              </h1>
            )}
            <CardFailure />
            {layout !== 'start' && <RefusedBar />}
            {layout === 'debug' && <StopBar />}
          </aside>
          <div className={lesson ? 'stage' : 'stage alone'}>
            {beside}
            <Suspense fallback={<main className="main" />}>
              <ErrorBoundary key={layout} what="This layout">
                <Layout />
              </ErrorBoundary>
            </Suspense>
          </div>
          <HonestyStrip />
        </div>
      )}
      {dragging && (
        <div className="drop-veil">
          <b>Drop a capture to replay it, a program or object to edit it, a project to open it</b>
        </div>
      )}
      {dialog === 'share' && <ShareDialog />}
      {choosing && (
        <Suspense>
          <ImportDialog />
        </Suspense>
      )}
      {dialog === 'commands' && (
        <Suspense>
          <CommandPalette />
        </Suspense>
      )}
      {dialog === 'projects' && (
        <Suspense>
          <ProjectDialog />
        </Suspense>
      )}
      {dialog === 'gallery' && (
        <Suspense>
          <GalleryDialog />
        </Suspense>
      )}
      {dialog === 'author' && (
        <Suspense>
          <AuthorDialog />
        </Suspense>
      )}
      {dialog === 'help' && (
        <Suspense>
          <HelpDialog />
        </Suspense>
      )}
      <Notices />
    </div>
  )
}

/** The card's worker died or refused: what happened, that nothing is lost, and the way on. */
function CardFailure(): ReactElement | null {
  const failure = useRun((state) => (state.status === 'failed' ? state.failure : undefined))
  if (failure === undefined) return null
  return (
    <div className="banner-top" role="alert" data-testid="card-failure">
      <span className="verdict fail">
        <span className="glyph" aria-hidden="true">
          <i>✕</i>
        </span>
      </span>
      <span className="ellipsis">{failure}</span>
      <button type="button" className="btn line small" onClick={() => void restart()}>
        Restart
      </button>
    </div>
  )
}
