/** How the page looks: layout, theme, open dialog, what the visitor has already used, and short notices. */
import { create } from 'zustand'
import type { LayoutName, ThemeName } from '@offload/session'

export type DialogName = 'share' | 'help' | 'commands' | 'projects' | 'gallery' | 'author' | 'none'

export interface Notice {
  readonly id: number
  readonly kind: 'info' | 'fail'
  readonly text: string
}

interface ViewState {
  readonly layout: LayoutName
  readonly theme: ThemeName
  readonly dialog: DialogName
  /** What the gallery showed last. */
  readonly galleryPart: 'programs' | 'lessons' | 'refusals'
  /** The hint at the editable number has been used and never returns. */
  readonly hintUsed: boolean
  readonly notices: readonly Notice[]
  /** Read out by screen readers: verdicts and stops, never ticks. */
  readonly announcement: string
  /** The editor's text has the keyboard. */
  readonly editorFocused: boolean
}

const HINT_KEY = 'offload.hint-used'
const THEME_KEY = 'offload.theme'

/** Storage may be forbidden or full; the page then simply forgets. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // nothing is lost but the memory of it
  }
}

export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

/** What the page's first script chose. */
function themeNow(): ThemeName {
  const theme = globalThis.document?.documentElement.dataset['theme']
  return theme === 'light' || theme === 'contrast' ? theme : 'dark'
}

export const useView = create<ViewState>(() => ({
  layout: 'start',
  theme: themeNow(),
  dialog: 'none',
  galleryPart: 'programs',
  hintUsed: recall(HINT_KEY) !== undefined,
  notices: [],
  announcement: '',
  editorFocused: false,
}))

export function setTheme(theme: ThemeName): void {
  document.documentElement.dataset['theme'] = theme
  remember(THEME_KEY, theme)
  useView.setState({ theme })
}

export function setLayout(layout: LayoutName): void {
  useView.setState({ layout })
}

export function markHintUsed(): void {
  if (useView.getState().hintUsed) return
  remember(HINT_KEY, '1')
  useView.setState({ hintUsed: true })
}

let lastNotice = 0

/** A short message at the bottom; failures stay until dismissed, the rest leaves by itself. */
export function notify(kind: Notice['kind'], text: string): void {
  const id = ++lastNotice
  useView.setState((state) => ({ notices: [...state.notices.slice(-2), { id, kind, text }], announcement: text }))
  if (kind === 'info') setTimeout(() => dismiss(id), 5000)
}

export function dismiss(id: number): void {
  useView.setState((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) }))
}

export function announce(text: string): void {
  useView.setState({ announcement: text })
}
