/** What is drawn on the text: verdict glyphs, heat, refused lines with their reason, links, and the executing line. */
import { useEffect, useRef } from 'react'
import type { editor as MonacoEditor } from 'monaco-editor/editor'
import { heatLevel } from '../components/heat-scale'
import { tablesOf, useLink } from '../link/service'
import { joinMarks, marksOf } from '../link/verdict-marks'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import { useView } from '../stores/view'
import type { LiveEditor } from './bpf-editor'
import { hintPlace } from './editor-hint'
import { useLineStats } from './line-stats'
import { useNowLine } from './now-line'
import { useFindings } from './use-markers'

type Delta = MonacoEditor.IModelDeltaDecoration

const wholeLine = (line: number, options: MonacoEditor.IModelDecorationOptions): Delta => ({
  range: { startLineNumber: line, startColumn: 1, endLineNumber: line, endColumn: 1 },
  options: { isWholeLine: true, ...options },
})

/** Keeps one collection of decorations equal to a list. */
function useCollection(live: LiveEditor | undefined, list: () => Delta[], parts: readonly unknown[]): void {
  const collection = useRef<MonacoEditor.IEditorDecorationsCollection>(undefined)
  useEffect(() => {
    if (live === undefined) return
    collection.current ??= live.editor.createDecorationsCollection()
    collection.current.set(list())
    // The list is a function of `parts`.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [live, ...parts])
}

export function useEditorDecorations(live: LiveEditor | undefined, hint: boolean): void {
  const findings = useFindings()
  const last = useVerdict((state) => state.last)
  const good = useVerdict((state) => state.good)
  const source = useDocument((state) => state.document.source)
  const demo = useDocument((state) => state.document.demo)
  const hintUsed = useView((state) => state.hintUsed)
  const stats = useLineStats()
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const now = useNowLine()

  useCollection(live, () => {
    const list: Delta[] = []
    const tables = last?.source === source ? tablesOf(last) : undefined
    const errors = (findings ?? []).filter((finding) => finding.severity === 'error')
    const failing = new Map(errors.map((finding) => [finding.range.startLine, finding.source]))
    for (const finding of errors) {
      const line = finding.range.startLine
      list.push(wholeLine(line, { className: 'editor-bad-line' }), {
        range: { startLineNumber: line, startColumn: 1000, endLineNumber: line, endColumn: 1000 },
        options: {
          after: { content: `✕ ${finding.message.replaceAll('\n', '; ')}`, inlineClassName: 'editor-note fail' },
          showIfCollapsed: true,
        },
      })
    }
    const marks = tables === undefined || last === undefined ? undefined : marksOf(last.compilation)
    const lines = new Set((tables?.insns ?? []).map((insn) => tables?.lineOf(insn) ?? 0))
    for (const line of new Set([...lines, ...failing.keys()])) {
      if (line === 0) continue
      const said = marks === undefined ? [] : (tables?.insnsOfLine(line) ?? []).map(marks)
      const who = failing.get(line)
      const { kernel, device } = joinMarks(said)
      list.push(
        wholeLine(line, {
          glyphMarginClassName: `gutter-k-${who === 'kernel' || who === 'assembler' ? 'fail' : kernel} gutter-d-${who === 'device' ? 'fail' : device}`,
        }),
      )
    }
    return list
  }, [findings, last, source])

  useCollection(live, () => {
    if (good?.source !== source) return []
    return [...stats.heat].map(([line, share]) =>
      wholeLine(line, { linesDecorationsClassName: `editor-heat heat-${heatLevel(share)}` }),
    )
  }, [stats, good, source])

  useCollection(
    live,
    () => [
      ...[...pinKin.lines].map((line) => wholeLine(line, { className: 'editor-pinned' })),
      ...[...hoverKin.lines]
        .filter((line) => !pinKin.lines.has(line))
        .map((line) => wholeLine(line, { className: 'editor-linked' })),
      ...(now === undefined ? [] : [wholeLine(now, { className: 'editor-now' })]),
    ],
    [hoverKin, pinKin, now],
  )

  useCollection(live, () => {
    const place = hint && !hintUsed ? hintPlace(source, demo) : undefined
    if (place === undefined) return []
    return [
      {
        range: {
          startLineNumber: place.line,
          startColumn: place.column,
          endLineNumber: place.line,
          endColumn: place.column + place.length,
        },
        options: { inlineClassName: 'editor-number' },
      },
    ]
  }, [hint, hintUsed, source, demo])
}
