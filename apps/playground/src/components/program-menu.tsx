/** What can be done with the program as a whole: open a file, download it, convert it, lay it out. */
import { useRef } from 'react'
import type { ReactElement } from 'react'
import { convertDialect, formatText } from '../editor/commands'
import type { DownloadKind } from '../link/downloads'
import { useView } from '../stores/view'
import { openFile } from '../link/open-file'
import { Menu } from './menu'

const save = (kind: DownloadKind) => async (): Promise<void> => (await import('../link/downloads')).download(kind)

export function ProgramMenu(): ReactElement {
  const input = useRef<HTMLInputElement>(null)
  const actions: readonly (readonly [id: string, title: string, detail: string, act: () => unknown])[] = [
    ['open', 'Open a file…', 'source, object, log, hex, capture or project', () => input.current?.click()],
    [
      'projects',
      'Projects…',
      'saved in this browser, and earlier versions',
      () => useView.setState({ dialog: 'projects' }),
    ],
    ['source', 'Download source', '.bpf', save('source')],
    ['object', 'Download object', '.o with types, for bpftool and ip', save('object')],
    ['hex', 'Download hex', 'one instruction a line', save('hex')],
    ['project', 'Download project', '.json with traffic and device', save('project')],
    ['convert', 'Convert to the other dialect', 'Ctrl+Alt+D in the editor', () => convertDialect()],
    ['format', 'Format', 'Shift+Alt+F in the editor', formatText],
  ]
  return (
    <>
      <Menu
        label="Program: files and dialect"
        testId="program-menu"
        text="File"
        right
        // The first action presses the hidden file input, when it is chosen; nothing reads it now.
        // oxlint-disable-next-line react/refs
        items={actions.map(([id, title, detail]) => ({ id, title, detail }))}
        onChoose={(id) => void actions.find(([name]) => name === id)?.[3]()}
      />
      <input
        ref={input}
        type="file"
        hidden
        data-testid="file-input"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          event.currentTarget.value = ''
          if (file !== undefined) void openFile(file)
        }}
      />
    </>
  )
}
