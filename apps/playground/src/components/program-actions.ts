/** What can be done with the program as a whole: the items of the File menu and commands of the palette. */
import { convertDialect, formatText } from '../editor/commands'
import type { DownloadKind } from '../link/downloads'
import { pickFile } from '../link/files'
import { openFile } from '../link/open-file'
import { useView } from '../stores/view'

interface ProgramAction {
  readonly id: string
  readonly title: string
  readonly detail: string
  /** As the palette shows them. */
  readonly keys: string
  readonly act: () => unknown
}

const save = (kind: DownloadKind) => async (): Promise<void> => (await import('../link/downloads')).download(kind)

const openPicked = async (): Promise<void> => {
  const file = await pickFile()
  if (file !== undefined) await openFile(file)
}

export const PROGRAM_ACTIONS: readonly ProgramAction[] = [
  {
    id: 'open',
    title: 'Open a file…',
    detail: 'source, object, log, hex, capture or project',
    keys: '',
    act: openPicked,
  },
  {
    id: 'projects',
    title: 'Projects…',
    detail: 'saved in this browser, and earlier versions',
    keys: '',
    act: () => useView.setState({ dialog: 'projects' }),
  },
  { id: 'source', title: 'Download source', detail: '.bpf', keys: '', act: save('source') },
  {
    id: 'object',
    title: 'Download object',
    detail: '.o with types, for bpftool and ip',
    keys: '',
    act: save('object'),
  },
  { id: 'hex', title: 'Download hex', detail: 'one instruction a line', keys: '', act: save('hex') },
  { id: 'project', title: 'Download project', detail: '.json with traffic and device', keys: '', act: save('project') },
  {
    id: 'convert',
    title: 'Convert to the other dialect',
    detail: 'Ctrl+Alt+D in the editor',
    keys: 'Ctrl Alt D',
    act: () => convertDialect(),
  },
  { id: 'format', title: 'Format', detail: 'Shift+Alt+F in the editor', keys: 'Shift Alt F', act: formatText },
]
