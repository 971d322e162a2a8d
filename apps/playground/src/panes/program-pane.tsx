/**
 * The program: BPF in the editor; its C, control flow, outline and story as further tabs; in *Start* with title and
 * guidance.
 */
import { Suspense, lazy, useState } from 'react'
import type { ReactElement } from 'react'
import { HeatScale } from '../components/heat-scale'
import { ProgramMenu } from '../components/program-menu'
import { Tabs } from '../components/tabs'
import { VerdictBanner } from '../components/verdict-banner'
import { BpfEditor, revealLater } from '../editor/bpf-editor'
import { useShown } from '../link/service'
import { CodeText } from '../editor/code-text'
import { demoOf, useDocument } from '../stores/document'
import { useLesson } from '../stores/lesson'
import { useView } from '../stores/view'

type Tab = 'bpf' | 'c' | 'host' | 'flow' | 'outline' | 'story'

const FlowGraphPane = lazy(async () => ({ default: (await import('./flow-graph-pane')).FlowGraphPane }))
const OutlinePane = lazy(async () => ({ default: (await import('./outline-pane')).OutlinePane }))
const CLinesPane = lazy(async () => ({ default: (await import('./c-lines-pane')).CLinesPane }))

export function ProgramPane({
  guided,
  className,
}: {
  readonly guided?: boolean
  readonly className?: string
}): ReactElement {
  const [chosen, setTab] = useState<Tab>('bpf')
  const document = useDocument((state) => state.document)
  const lesson = useLesson((state) => state.lesson !== undefined)
  const focused = useView((state) => state.editorFocused)
  const demo = demoOf(document)
  const knowsC = (useShown().tables?.cRows.length ?? 0) > 0
  const tabs: readonly (readonly [Tab, string])[] = [
    ['bpf', 'BPF'],
    ...(demo !== undefined || knowsC ? [['c', 'C'] as const] : []),
    ...(document.hostSource === undefined ? [] : [['host', 'On the host'] as const]),
    ['flow', 'Flow'],
    ['outline', 'Outline'],
    ...(demo === undefined ? [] : [['story', 'Story'] as const]),
  ]
  const tab = tabs.some(([name]) => name === chosen) ? chosen : 'bpf'
  return (
    <section className={`pane ${className ?? ''}`} aria-label="Program">
      {guided === true && !lesson && (
        <div className="lead">
          <h1>{document.title}</h1>
          <p>{demo?.sentence ?? 'Your own program. The card runs it on every packet.'}</p>
        </div>
      )}
      <div className="pane-head">
        <Tabs label="Program as" panel="program-panel" tabs={tabs} value={tab} onChange={setTab} />
        <span className="grow" />
        {tab === 'bpf' && (
          <>
            <HeatScale from="cycles" to="" width={52} />
            <span className="r" style={{ width: 64 }}>
              runs per s
            </span>
          </>
        )}
        <ProgramMenu />
      </div>
      <div className="pane-body fixed" id="program-panel" role="tabpanel">
        {tab === 'bpf' && <BpfEditor hint={guided === true} />}
        <Suspense>
          {tab === 'host' && document.hostSource !== undefined && (
            <div className="listing" tabIndex={0} role="group" aria-label="Program on the host">
              {document.hostSource.split('\n').map((line, index) => (
                <div className="code-row" key={`${index}`}>
                  <CodeText text={line} grammar="bpf" />
                </div>
              ))}
            </div>
          )}
          {tab === 'c' && <CLinesPane text={demo?.c} />}
          {tab === 'flow' && <FlowGraphPane />}
          {tab === 'outline' && (
            <OutlinePane
              onGo={(line) => {
                setTab('bpf')
                revealLater(line)
              }}
            />
          )}
        </Suspense>
        {tab === 'story' && demo !== undefined && (
          <div
            className="listing prose"
            style={{ fontFamily: 'var(--font-ui)', alignContent: 'start' }}
            tabIndex={0}
            role="group"
            aria-label="Story"
          >
            {demo.story.split('\n\n').map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
          </div>
        )}
      </div>
      {guided === true && demo !== undefined && (
        <div className="tries">
          <h2>Then try</h2>
          <ol>
            {demo.tries.map((line, index) => (
              <li key={line}>
                <i>{index + 1}</i>
                {line}
              </li>
            ))}
          </ol>
        </div>
      )}
      <VerdictBanner />
      {focused && (
        <span className="leave-editor">
          Leave editor <kbd>Ctrl</kbd> <kbd>M</kbd>, then Tab
        </span>
      )}
    </section>
  )
}
