/** The program: BPF in the editor, its C twin and its story as further tabs; in *Start* with title and guidance. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { HeatScale } from '../components/heat-scale'
import { Tabs } from '../components/tabs'
import { VerdictBanner } from '../components/verdict-banner'
import { BpfEditor } from '../editor/bpf-editor'
import { CodeText } from '../editor/code-text'
import { demoOf, useDocument } from '../stores/document'
import { useView } from '../stores/view'

type Tab = 'bpf' | 'c' | 'story'

export function ProgramPane({
  guided,
  className,
}: {
  readonly guided?: boolean
  readonly className?: string
}): ReactElement {
  const [tab, setTab] = useState<Tab>('bpf')
  const document = useDocument((state) => state.document)
  const focused = useView((state) => state.editorFocused)
  const demo = demoOf(document)
  return (
    <section className={`pane ${className ?? ''}`} aria-label="Program">
      {guided === true && (
        <div className="lead">
          <h1>{document.title}</h1>
          <p>{demo?.sentence ?? 'Your own program. The card runs it on every packet.'}</p>
        </div>
      )}
      <div className="pane-head">
        <Tabs
          label="Program as"
          panel="program-panel"
          tabs={
            demo === undefined
              ? [['bpf', 'BPF']]
              : [
                  ['bpf', 'BPF'],
                  ['c', 'C'],
                  ['story', 'Story'],
                ]
          }
          value={demo === undefined ? 'bpf' : tab}
          onChange={setTab}
        />
        <span className="grow" />
        <HeatScale from="cycles" to="" width={52} />
        <span className="r" style={{ width: 64 }}>
          runs per s
        </span>
      </div>
      <div className="pane-body fixed" id="program-panel" role="tabpanel">
        {(tab === 'bpf' || demo === undefined) && <BpfEditor hint={guided === true} />}
        {tab === 'c' && demo !== undefined && <CListing text={demo.c} />}
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

function CListing({ text }: { readonly text: string }): ReactElement {
  return (
    <div
      className="listing"
      style={{ lineHeight: '20px' }}
      tabIndex={0}
      role="group"
      aria-label="The same program in C"
    >
      {text.split('\n').map((line, index) => (
        <div key={index} className="code-row">
          <span className="n">{index + 1}</span>
          <span className="src">
            <CodeText text={line} grammar="c" />
          </span>
        </div>
      ))}
    </div>
  )
}
