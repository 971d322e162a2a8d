/**
 * *Own*: panes docked as their owner likes, in named layouts. The docking itself (drag, split, tabs, maximise, keyboard)
 * is dockview's; this file gives it our panes and keeps what it says.
 */
import { Suspense, useState } from 'react'
import type { ReactElement } from 'react'
import { DockviewReact } from 'dockview-react'
import type {
  DockviewApi,
  DockviewReadyEvent,
  IDockviewHeaderActionsProps,
  IDockviewPanelHeaderProps,
} from 'dockview-react'
import 'dockview-react/dist/styles/dockview.css'
import '../styles/dock.css'
import { ErrorBoundary } from '../components/error-boundary'
import { Icon } from '../components/icons'
import { Menu } from '../components/menu'
import { chooseLayout, copyLayout, deleteLayout, keepLayout, renameLayout, useLayouts } from '../stores/layouts'
import { notify } from '../stores/view'
import { PANES } from './pane-list'

const THEME = { name: 'offload', className: 'dock', gap: 1 }

const COMPONENTS = Object.fromEntries(
  PANES.map(({ name, title, component: Component }) => [
    name,
    () => (
      <ErrorBoundary what={`“${title}”`}>
        <Suspense>
          <Component />
        </Suspense>
      </ErrorBoundary>
    ),
  ]),
)

const titleOf = (name: string): string => PANES.find((pane) => pane.name === name)?.title ?? name

/** Add a pane beside what is there, or show it where it already is. */
function addPane(api: DockviewApi, name: string): void {
  const there = api.getPanel(name)
  if (there !== undefined) there.api.setActive()
  else api.addPanel({ id: name, component: name, title: titleOf(name) })
}

function fill(api: DockviewApi): void {
  api.clear()
  api.addPanel({ id: 'program', component: 'program', title: titleOf('program') })
  api.addPanel({
    id: 'words',
    component: 'words',
    title: titleOf('words'),
    position: { referencePanel: 'program', direction: 'right' },
  })
  api.addPanel({ id: 'chip', component: 'chip', title: titleOf('chip'), position: { direction: 'right' } })
  api.addPanel({
    id: 'map',
    component: 'map',
    title: titleOf('map'),
    position: { referencePanel: 'chip', direction: 'below' },
  })
  api.addPanel({ id: 'rates', component: 'rates', title: titleOf('rates'), position: { referencePanel: 'map' } })
}

function show(api: DockviewApi): void {
  const { saved, current } = useLayouts.getState()
  const dock = saved[current]
  if (dock === null || dock === undefined) {
    fill(api)
    return
  }
  try {
    api.fromJSON(dock)
  } catch {
    notify('fail', `The layout “${current}” could not be read and starts afresh.`)
    fill(api)
  }
}

export function OwnLayout(): ReactElement {
  const [api, setApi] = useState<DockviewApi>()
  const { saved, current } = useLayouts()
  const [renaming, setRenaming] = useState<string>()

  const ready = ({ api: made }: DockviewReadyEvent): void => {
    // The panes are landmarks with these names already.
    made.onDidAddGroup(({ element }) => element.setAttribute('role', 'none'))
    show(made)
    made.onDidLayoutChange(() => keepLayout(useLayouts.getState().current, made.toJSON()))
    setApi(made)
  }
  const act = (change: () => void): void => {
    change()
    if (api !== undefined) show(api)
  }
  const rename = (): void => {
    if (renaming !== undefined && !renameLayout(renaming.trim()))
      notify('fail', 'A layout needs a name that no other has.')
    setRenaming(undefined)
  }
  return (
    <main className="main own">
      <div className="own-bar">
        {renaming === undefined ? (
          <Menu
            label={`Layout: ${current}`}
            text={current}
            items={Object.keys(saved).map((name) => ({ id: name, title: name, checked: name === current }))}
            onChoose={(name) => act(() => chooseLayout(name))}
          />
        ) : (
          <input
            className="field small"
            aria-label="Name of the layout"
            autoFocus
            maxLength={60}
            value={renaming}
            onChange={(event) => setRenaming(event.currentTarget.value)}
            onBlur={rename}
            onKeyDown={(event) => {
              if (event.key === 'Enter') rename()
              if (event.key === 'Escape') setRenaming(undefined)
            }}
          />
        )}
        <Menu
          label="Add a pane"
          text="Add a pane"
          items={PANES.map(({ name, title }) => ({
            id: name,
            title,
            checked: api?.getPanel(name) !== undefined,
          }))}
          onChoose={(name) => api !== undefined && addPane(api, name)}
        />
        <span className="grow" />
        <button type="button" className="btn small" onClick={() => setRenaming(current)}>
          Rename
        </button>
        <button type="button" className="btn small" onClick={() => act(copyLayout)}>
          Copy
        </button>
        <button type="button" className="btn small" onClick={() => act(deleteLayout)}>
          Delete
        </button>
      </div>
      <div className="own-dock">
        <DockviewReact
          theme={THEME}
          components={COMPONENTS}
          defaultTabComponent={PaneTab}
          rightHeaderActionsComponent={GroupActions}
          disableFloatingGroups
          onReady={ready}
        />
      </div>
    </main>
  )
}

/** A tab holds no second control; closing is among the actions at the right. */
function PaneTab({ api }: IDockviewPanelHeaderProps): ReactElement {
  return <span className="dock-tab">{api.title}</span>
}

/** What a group of panes can do without a mouse: take the whole page, or move its pane beside or below. */
function GroupActions({ containerApi, group, activePanel }: IDockviewHeaderActionsProps): ReactElement {
  const maximised = group.api.isMaximized()
  const move = (position: 'right' | 'bottom'): void => activePanel?.api.moveTo({ group, position })
  return (
    <div className="row dock-actions">
      {group.panels.length > 1 && (
        <>
          <button
            type="button"
            className="btn ico"
            aria-label={`Move ${activePanel?.title ?? 'pane'} to the right`}
            title="Split to the right"
            onClick={() => move('right')}
          >
            {Icon.splitRight}
          </button>
          <button
            type="button"
            className="btn ico"
            aria-label={`Move ${activePanel?.title ?? 'pane'} below`}
            title="Split below"
            onClick={() => move('bottom')}
          >
            {Icon.splitBelow}
          </button>
        </>
      )}
      <button
        type="button"
        className="btn ico"
        aria-label={maximised ? 'All panes' : `Maximise ${activePanel?.title ?? 'pane'}`}
        title={maximised ? 'All panes' : 'Maximise'}
        onClick={() => (containerApi.hasMaximizedGroup() ? containerApi.exitMaximizedGroup() : group.api.maximize())}
      >
        {Icon.maximise}
      </button>
      <button
        type="button"
        className="btn ico"
        aria-label={`Close ${activePanel?.title ?? 'pane'}`}
        title="Close"
        onClick={() => activePanel?.api.close()}
      >
        {Icon.close}
      </button>
    </div>
  )
}
