/**
 * The source editor: Monaco, fetched after the first paint, with findings, gutters, rates, heat, links and the one
 * hint on top of it. Until it is there the same text stands as a plain listing.
 */
import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import type { IRange, editor as MonacoEditor } from 'monaco-editor/editor'
import { hover } from '../link/service'
import { useDocument } from '../stores/document'
import { setAtLineEnds, useNotes } from '../stores/notes'
import { useRun } from '../stores/run'
import { useVerdict } from '../stores/verdict'
import { useView } from '../stores/view'
import { CodeText } from './code-text'
import { EditorHint } from './editor-hint'
import { EditorRates } from './editor-rates'
import { applyTheme, LANGUAGE_ID } from './language'
import type { Monaco } from './monaco'
import { useEditorDecorations } from './use-decorations'
import { useMarkers } from './use-markers'
import { useStateNotes } from './use-state-notes'

export interface LiveEditor {
  readonly monaco: Monaco
  readonly editor: MonacoEditor.IStandaloneCodeEditor
  readonly mark: EditorParts['mark']
}

type EditorParts = typeof import('./monaco')

/** The one editor on the page, for commands that act on it (fixes, jumps to a line). */
let current: LiveEditor | undefined

export function revealLine(line: number, focus = true): void {
  if (current === undefined) return
  current.editor.revealLineInCenterIfOutsideViewport(line)
  current.editor.setPosition({ lineNumber: line, column: 1 })
  if (focus) current.editor.focus()
}

/** A line to go to once an editor is there. */
let wanted: number | undefined

/** Go to a line now, or as soon as the editor that is being shown is there. */
export function revealLater(line: number): void {
  if (current === undefined) wanted = line
  else revealLine(line)
}

/** The one text model. It outlives the editor, so that undo goes back over changes of layout. */
let model: MonacoEditor.ITextModel | undefined

function modelOf({ monaco, assemblerFindings, mark }: EditorParts): MonacoEditor.ITextModel {
  if (model !== undefined) return model
  const made = monaco.editor.createModel(useDocument.getState().document.source, LANGUAGE_ID)
  made.updateOptions({ bracketColorizationOptions: { enabled: false, independentColorPoolPerBracketType: false } })
  made.onDidChangeContent(({ isUndoing, isRedoing }) => {
    const source = made.getValue()
    // Squiggles come with the key stroke, in the same frame; all else of the page follows.
    const findings = assemblerFindings(source)
    if (findings !== undefined) {
      mark(monaco, made, findings)
      useVerdict.setState({ early: { source, findings } })
    }
    useDocument.getState().setSource(source, isUndoing || isRedoing)
  })
  useDocument.subscribe(({ document }) => {
    // Keeps the undo history, so that loading something else can be taken back.
    if (document.source !== made.getValue()) replaceText(made, made.getFullModelRange(), document.source)
  })
  model = made
  return made
}

function replaceText(text: MonacoEditor.ITextModel, range: IRange, by: string): void {
  text.pushStackElement()
  text.pushEditOperations(null, [{ range, text: by }], () => null)
  text.pushStackElement()
}

/** Make the whole text `source` as one undo step that touches only what differs; works without an editor on the page. */
export async function changeText(source: string): Promise<void> {
  const text = modelOf(await import('./monaco'))
  const old = text.getValue()
  let start = 0
  while (start < old.length && old[start] === source[start]) start++
  let same = 0
  const most = Math.min(old.length, source.length) - start
  while (same < most && old.at(-1 - same) === source.at(-1 - same)) same++
  const from = text.getPositionAt(start)
  const to = text.getPositionAt(old.length - same)
  const range = {
    startLineNumber: from.lineNumber,
    startColumn: from.column,
    endLineNumber: to.lineNumber,
    endColumn: to.column,
  }
  replaceText(text, range, source.slice(start, source.length - same))
}

/** Replace a range of the text as one undo step; false while no editor is there. */
export function applyEdits(
  edits: readonly {
    readonly range: { startLine: number; startColumn: number; endLine: number; endColumn: number }
    readonly text: string
  }[],
): boolean {
  if (current === undefined) return false
  current.editor.pushUndoStop()
  current.editor.executeEdits(
    'fix',
    edits.map(({ range, text }) => ({
      range: {
        startLineNumber: range.startLine,
        startColumn: range.startColumn,
        endLineNumber: range.endLine,
        endColumn: range.endColumn,
      },
      text,
      forceMoveMarkers: true,
    })),
  )
  current.editor.pushUndoStop()
  return true
}

export function BpfEditor({
  rates = true,
  hint = false,
  notes = false,
}: {
  readonly rates?: boolean
  readonly hint?: boolean
  /** Show at line ends what the verifier knew, unless the visitor has chosen otherwise. */
  readonly notes?: boolean
}): ReactElement {
  const host = useRef<HTMLDivElement>(null)
  const [live, setLive] = useState<LiveEditor | undefined>(undefined)
  const [failed, setFailed] = useState<string | undefined>(undefined)
  const theme = useView((state) => state.theme)
  const layout = useView((state) => state.layout)

  useEffect(() => {
    let dead = false
    let made: LiveEditor | undefined
    demoRuns()
      .then(() => import('./monaco'))
      .then(
        (parts) => {
          if (dead || host.current === null) return
          const { monaco, mark } = parts
          applyTheme(monaco, useView.getState().theme)
          made = { monaco, mark, editor: createEditor(parts, host.current) }
          current = made
          if (wanted !== undefined) revealLine(wanted)
          wanted = undefined
          setLive(made)
        },
        (error: unknown) => setFailed(error instanceof Error ? error.message : String(error)),
      )
    return () => {
      dead = true
      if (current === made) current = undefined
      made?.editor.dispose()
    }
  }, [])

  useEffect(() => {
    if (live !== undefined) applyTheme(live.monaco, theme)
  }, [live, theme])
  // An effect of the page sets the scale after the editor has mounted.
  useEffect(() => {
    const frame = requestAnimationFrame(() => live?.editor.updateOptions(letterSize()))
    return () => cancelAnimationFrame(frame)
  }, [live, layout])

  useMarkers(live)
  useEditorDecorations(live, hint)
  useStateNotes(live, notes)

  return (
    <>
      <div
        className="editor-host"
        ref={host}
        data-testid="editor"
        data-ready={live !== undefined}
        onMouseLeave={() => hover(undefined)}
      />
      {live === undefined && <PlainText message={failed} />}
      {live !== undefined && rates && <EditorRates live={live} />}
      {live !== undefined && hint && <EditorHint live={live} />}
    </>
  )
}

/** Monaco is large: it waits until the demo runs, or until that has taken so long that the text matters more. */
function demoRuns(): Promise<void> {
  return new Promise((resolve) => {
    const stop = useRun.subscribe((state) => {
      if (state.readyAfterMs !== undefined) go()
    })
    const timer = setTimeout(go, 4000)
    function go(): void {
      stop()
      clearTimeout(timer)
      resolve()
    }
    if (useRun.getState().readyAfterMs !== undefined) go()
  })
}

function PlainText({ message }: { readonly message: string | undefined }): ReactElement {
  const source = useDocument((state) => state.document.source)
  return (
    <div className="listing" style={{ lineHeight: '20px', paddingLeft: 64 }}>
      {message !== undefined && (
        <p className="empty">
          The editor could not be loaded ({message}). The program runs all the same; reload to edit it.
        </p>
      )}
      {source.split('\n').map((line, index) => (
        <div key={index} style={{ minHeight: 20, whiteSpace: 'pre' }}>
          <CodeText text={line} grammar="bpf" />
        </div>
      ))}
    </div>
  )
}

/** Monaco's letters and lines as the tokens have them now, in pixels. */
function letterSize(): { readonly fontSize: number; readonly lineHeight: number } {
  const style = getComputedStyle(document.documentElement)
  const pixels = (name: string): number => Number.parseFloat(style.getPropertyValue(name))
  return { fontSize: pixels('--t-code'), lineHeight: pixels('--lh-code') }
}

function createEditor(parts: EditorParts, element: HTMLElement): MonacoEditor.IStandaloneCodeEditor {
  const { monaco } = parts
  const model = modelOf(parts)
  const editor = monaco.editor.create(element, {
    model,
    automaticLayout: true,
    minimap: { enabled: false },
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-code').trim(),
    ...letterSize(),
    lineNumbersMinChars: 3,
    lineDecorationsWidth: 14,
    glyphMargin: true,
    folding: true,
    showFoldingControls: 'mouseover',
    'semanticHighlighting.enabled': true,
    inlayHints: { enabled: 'on', fontSize: 10, padding: false },
    stickyScroll: { enabled: false },
    scrollBeyondLastLine: false,
    renderLineHighlight: 'line',
    renderWhitespace: 'none',
    overviewRulerLanes: 0,
    hideCursorInOverviewRuler: true,
    guides: { indentation: false },
    padding: { top: 6, bottom: 6 },
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 8, useShadows: false },
    quickSuggestions: { other: true, comments: false, strings: false },
    suggestOnTriggerCharacters: true,
    wordBasedSuggestions: 'off',
    tabSize: 4,
    fixedOverflowWidgets: true,
    accessibilitySupport: 'auto',
    ariaLabel: 'BPF program. Ctrl+M lets Tab leave the editor.',
  })
  editor.onMouseMove((event) => {
    const line = event.target.position?.lineNumber
    hover(line === undefined ? undefined : { space: 'line', start: line, end: line + 1 })
  })
  editor.addAction({
    id: 'offload.convert',
    label: 'Convert to the other dialect',
    keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyMod.Alt | monaco.KeyCode.KeyD],
    run: async () => (await import('./commands')).convertDialect(),
  })
  editor.addAction({
    id: 'offload.state-notes',
    label: 'State at line ends: on or off',
    contextMenuGroupId: 'view',
    keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyMod.Alt | monaco.KeyCode.KeyI],
    run: () => setAtLineEnds(!(useNotes.getState().atLineEnds ?? useView.getState().layout === 'verifier')),
  })
  editor.onDidFocusEditorText(() => setFocused(true))
  editor.onDidBlurEditorText(() => setFocused(false))
  return editor
}

/** Whether the text has the keyboard; the way out is then printed below it. */
function setFocused(editorFocused: boolean): void {
  useView.setState({ editorFocused })
}
