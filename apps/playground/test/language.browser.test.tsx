/** Control flow, outline, lines of C, imported files, downloads' names, colours by meaning: each by itself, in a browser. */
import { createRoot } from 'react-dom/client'
import type { Root } from 'react-dom/client'
import type { ReactElement } from 'react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { assemble, exportElf } from '@offload/bpf'
import { defaultDocument } from '@offload/session'
import { ImportDialog } from '../src/components/import-dialog'
import { assemblerFindings } from '../src/editor/early-findings'
import { semanticTokens } from '../src/editor/language-structure'
import { useFindings } from '../src/editor/use-markers'
import { fileName } from '../src/link/downloads'
import { openFile } from '../src/link/open-file'
import { hover, unpin, useLink } from '../src/link/service'
import { CLinesPane } from '../src/panes/c-lines-pane'
import { FlowGraphPane } from '../src/panes/flow-graph-pane'
import { wayCounts } from '../src/panes/flow-counts'
import { layoutFlow } from '../src/panes/flow-layout'
import { OutlinePane } from '../src/panes/outline-pane'
import { useDocument } from '../src/stores/document'
import { useImported } from '../src/stores/imported'
import { useVerdict } from '../src/stores/verdict'
import { useView } from '../src/stores/view'
import { sample } from './sample'

let root: Root
let host: HTMLElement

beforeEach(() => {
  host = document.createElement('div')
  host.style.cssText = 'position: fixed; inset: 0; background: white'
  document.body.append(host)
  root = createRoot(host)
  useView.setState({ notices: [] })
  useImported.setState({ choice: undefined })
  useDocument.getState().replace(defaultDocument())
})
afterEach(() => {
  root.unmount()
  host.remove()
})

const show = (element: ReactElement): void => root.render(element)
const source = (): string => useDocument.getState().document.source
const notice = (): string | undefined => useView.getState().notices.at(-1)?.text

describe('control flow', () => {
  beforeEach(() => {
    hover(undefined)
    unpin()
    const judged = sample()
    useVerdict.setState({ last: judged, good: judged })
  })

  it('shows blocks and ways, follows them by keys, and pins through the link service', async () => {
    show(<FlowGraphPane />)
    await expect.element(page.getByTestId('flow-pane')).toHaveTextContent('3 blocks, 3 ways')
    const first = page.getByRole('button', { name: /^Block A p,/ })
    await expect.element(first).toHaveAccessibleName(/leads to if true C, else B/)
    const element = first.element() as SVGGElement
    element.focus()
    expect(useLink.getState().hover).toEqual({ space: 'insn', start: 0, end: 4 })
    await userEvent.keyboard('{ArrowRight}')
    expect(document.activeElement?.getAttribute('data-block')).toBe('1')
    await userEvent.keyboard('{Enter}')
    expect(useLink.getState().pin).toEqual({ space: 'insn', start: 4, end: 5 })
    await expect.element(page.getByRole('button', { name: /^Block B/ })).toHaveAttribute('aria-pressed', 'true')
  })

  it('says the same as a table', async () => {
    show(<FlowGraphPane />)
    await page.getByRole('button', { name: 'Control flow as a table' }).click()
    const rows = page.getByTestId('flow-table').getByRole('row')
    await expect.element(rows.nth(1)).toHaveTextContent('if true C, else B')
    await expect.element(rows.nth(3)).toHaveTextContent('exit')
  })

  it('draws without overlaps, loops upwards, and two thousand blocks within a second', () => {
    const size = { width: 100, height: 40 }
    const nodes = Array.from({ length: 2000 }, () => size)
    const links = nodes.flatMap((_, from) =>
      [from + 1, from + 7, ...(from % 50 === 49 ? [from - 20] : [])]
        .filter((to) => to < nodes.length)
        .map((to) => ({ from, to })),
    )
    const began = performance.now()
    const drawing = layoutFlow(nodes, links, [0])
    expect(performance.now() - began).toBeLessThan(3000)
    expect(drawing.links.filter(({ back }) => back)).toHaveLength(40)
    const byRow = new Map<number, number[]>()
    for (const { x, y } of drawing.nodes) {
      expect(Number.isFinite(x) && x >= 0).toBe(true)
      byRow.set(y, [...(byRow.get(y) ?? []), x])
    }
    for (const row of byRow.values()) {
      row.sort((a, b) => a - b)
      for (let i = 1; i < row.length; i++) expect(row[i]! - row[i - 1]!).toBeGreaterThanOrEqual(size.width)
    }
  })
})

it('the outline lists names with their uses and goes to their lines', async () => {
  useDocument
    .getState()
    .setSource('.const PORT = 53\n.prog xdp p\n r1 = PORT\n if r1 == PORT goto out\nout:\n r0 = 2\n exit\n')
  const gone: number[] = []
  show(<OutlinePane onGo={(line) => gone.push(line)} />)
  await expect.element(page.getByRole('button', { name: /PORT/ })).toHaveTextContent('used 2×')
  await page.getByRole('button', { name: /out/ }).click()
  expect(gone).toEqual([5])
})

it('colours tell a map from a label, and follow each other in the text', () => {
  const data = semanticTokens('.map m array key u32 value u64 max 1\nr1 = m ll\nexit ; end\n')
  expect(data.length % 5).toBe(0)
  let line = 0
  const lines = new Set<number>()
  for (let i = 0; i < data.length; i += 5) {
    line += data[i]!
    lines.add(line)
    expect(data[i + 2]).toBeGreaterThan(0)
  }
  expect([...lines]).toEqual([0, 1, 2])
})

it('what the assembler says is there before the verdict, and goes with the text it is about', async () => {
  function Findings(): ReactElement {
    const findings = useFindings()
    return (
      <p data-testid="findings">
        {findings === undefined ? 'none' : findings.map((item) => `${item.source} ${item.code}`).join()}
      </p>
    )
  }
  useVerdict.setState({ last: undefined, good: undefined })
  const wrong = 'r0 = XDP_PASX\nexit\n'
  useDocument.getState().setSource(wrong)
  // As the key stroke does it.
  useVerdict.setState({ early: { source: wrong, findings: assemblerFindings(wrong) ?? [] } })
  show(<Findings />)
  await expect.element(page.getByTestId('findings')).toHaveTextContent(/^assembler /)
  useDocument.getState().setSource('r0 = 2\nexit\n')
  await expect.element(page.getByTestId('findings')).not.toHaveTextContent('assembler')
})

describe('counts of ways', () => {
  it('follow from the counts of blocks', () => {
    // 0 → 1 or 2; 1 → 3; 2 → 3
    const ways = [
      { from: 0, to: 1 },
      { from: 0, to: 2 },
      { from: 1, to: 3 },
      { from: 2, to: 3 },
    ]
    const ran = [10, 7, 3, 10]
    expect(
      wayCounts(
        ways,
        (block) => ran[block],
        (block) => block === 0,
      ),
    ).toEqual([7, 3, 7, 3])
  })

  it('stay unknown where they do not follow', () => {
    // Two blocks with two ways each to the same two, all entered from outside, too.
    const ways = [
      { from: 0, to: 2 },
      { from: 0, to: 3 },
      { from: 1, to: 2 },
      { from: 1, to: 3 },
    ]
    expect(
      wayCounts(
        ways,
        () => 5,
        () => false,
      ),
    ).toEqual([undefined, undefined, undefined, undefined])
  })
})

describe('files', () => {
  const text = '.map m array key u32 value u64 max 1\n.prog xdp p\n r1 = m ll\n r0 = 2\n exit\n'

  function object(): Uint8Array<ArrayBuffer> {
    const assembled = assemble(text)
    const made = assembled.ok ? exportElf(assembled.program, { source: text, sourceName: 'p.c' }) : undefined
    if (made?.ok !== true) throw new Error('no object')
    return new Uint8Array(made.object)
  }

  it.each([
    ['a.hex', 'b700000002000000\n9500000000000000\n'],
    ['a.log', '0: (b7) r0 = 2\n1: (95) exit\n'],
    ['a.s', 'mov %r0, 2\nexit\n'],
    ['noname', 'r0 = 2\nexit\n'],
  ])('%s becomes the program', async (name, content) => {
    await openFile(new File([content], name))
    const result = assemble(source())
    expect(result.ok && [...result.program.insns]).toEqual([0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0])
    expect(notice()).toContain('is in the editor')
  })

  it('an object becomes text with maps, and its lines stand in the C tab', async () => {
    await openFile(new File([object()], 'p.o'))
    expect(source()).toContain('.map m array')
    expect(source()).toContain('; r1 = m ll @ p.c:3')
    const assembled = assemble(source())
    if (!assembled.ok) throw new Error('does not assemble')
    const judged = {
      source: source(),
      edits: 0,
      ms: 1,
      compilation: { ok: true, diagnostics: [], program: assembled.program },
    }
    useVerdict.setState({ last: judged, good: judged })
    show(<CLinesPane />)
    await expect.element(page.getByTestId('c-lines')).toHaveTextContent('r1 = m ll')
  })

  it('an object with several programs asks, and closing the question changes nothing', async () => {
    const answer = await fetch(new URL('../../../packages/bpf/testdata/counter.o', import.meta.url))
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const before = source()
    await openFile(new File([bytes], 'counter.o'))
    show(<ImportDialog />)
    await page.getByRole('button', { name: 'Close' }).click()
    expect(source()).toBe(before)
    await openFile(new File([bytes], 'counter.o'))
    await page
      .getByTestId('import-choice')
      .getByRole('button', { name: /classifier/ })
      .click()
    expect(source()).toContain('.prog tc classifier')
    expect(assemble(source()).ok).toBe(true)
  })

  it.each([
    ['a cut object', 'cut.o', () => object().slice(0, 120), 'cut.o'],
    ['a program for another machine', 'x86.o', () => object().fill(62, 18, 19), 'machine 62'],
    ['half a project', 'p.json', () => '{"version": 1', 'not JSON'],
    ['a project with a wrong field', 'p.json', () => '{"version": 9}', 'not a project'],
    ['a picture', 'p.png', () => Uint8Array.of(1, 2, 3), '.pcap'],
    ['prose', 'README.md', () => '# Title\n\nSome words.\n', 'not a file that this page reads'],
    ['an empty object', 'e.o', () => Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), 'e.o'],
  ])('%s is refused with the reason and nothing changes', async (_, name, make, expected) => {
    const before = source()
    await openFile(new File([make()], name))
    expect(useView.getState().notices.at(-1)?.kind).toBe('fail')
    expect(notice()).toContain(expected)
    expect(source()).toBe(before)
  })

  it('a saved project comes back', async () => {
    await openFile(new File([JSON.stringify({ ...defaultDocument(), title: 'Mine', source: text })], 'mine.json'))
    expect([useDocument.getState().document.title, source()]).toEqual(['Mine', text])
  })

  it('titles become names of files', () => {
    expect([fileName('UDP flood counter'), fileName('mine.bpf'), fileName('…')]).toEqual([
      'udp-flood-counter',
      'mine',
      'program',
    ])
  })
})
