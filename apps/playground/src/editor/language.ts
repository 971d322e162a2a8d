/**
 * BPF assembly as a Monaco language: colours from the shared highlighter, comments, brackets, themes made of the
 * page's own tokens. `language-help.ts` adds hover and completion, `language-structure.ts` what needs the whole text.
 */
import type { languages } from 'monaco-editor/editor'
import type { ThemeName } from '@offload/session'
import { highlight } from './highlight'
import type { Monaco } from './monaco'
import { registerLanguageHelp } from './language-help'
import { registerLanguageStructure } from './language-structure'

export const LANGUAGE_ID = 'bpf'

/** Lines are coloured each by itself, so the state between them is empty. */
const STATE: languages.IState = { clone: () => STATE, equals: () => true }

export function registerBpfLanguage(monaco: Monaco): void {
  monaco.languages.register({ id: LANGUAGE_ID })
  monaco.languages.setTokensProvider(LANGUAGE_ID, {
    getInitialState: () => STATE,
    tokenize(line) {
      const tokens: languages.IToken[] = [{ startIndex: 0, scopes: '' }]
      for (const piece of highlight(line, 'bpf')) {
        tokens.push({ startIndex: piece.start, scopes: piece.kind }, { startIndex: piece.end, scopes: '' })
      }
      return { tokens, endState: STATE }
    },
  })
  monaco.languages.setLanguageConfiguration(LANGUAGE_ID, {
    comments: { lineComment: ';' },
    brackets: [
      ['(', ')'],
      ['[', ']'],
      ['{', '}'],
    ],
    wordPattern: /[.$%\w]+/,
  })
  registerLanguageHelp(monaco, LANGUAGE_ID)
  registerLanguageStructure(monaco, LANGUAGE_ID)
}

/** Define and choose the editor theme from the CSS tokens that rule now. */
export function applyTheme(monaco: Monaco, theme: ThemeName): void {
  const style = getComputedStyle(document.documentElement)
  // Monaco wants all six digits; a minifier may have shortened them.
  const token = (name: string): string =>
    style
      .getPropertyValue(name)
      .trim()
      .replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3')
  const bare = (name: string): string => token(name).replace('#', '')
  monaco.editor.defineTheme(`offload-${theme}`, {
    base: theme === 'light' ? 'vs' : theme === 'contrast' ? 'hc-black' : 'vs-dark',
    inherit: true,
    rules: [
      { token: '', foreground: bare('--ink-1') },
      { token: 'key', foreground: bare('--c-key') },
      { token: 'num', foreground: bare('--c-num') },
      { token: 'fn', foreground: bare('--c-fn') },
      { token: 'com', foreground: bare('--c-com') },
      { token: 'type', foreground: bare('--c-type') },
      { token: 'str', foreground: bare('--c-str') },
      { token: 'map', foreground: bare('--c-type'), fontStyle: 'bold' },
      { token: 'reg', foreground: bare('--ink-1') },
      { token: 'name', foreground: bare('--ink-1') },
    ],
    colors: {
      'editor.background': token('--bg-1'),
      'editor.foreground': token('--ink-1'),
      'editorLineNumber.foreground': token('--ink-3'),
      'editorLineNumber.activeForeground': token('--ink-1'),
      'editor.lineHighlightBackground': token('--bg-2'),
      'editor.lineHighlightBorder': '#00000000',
      'editorCursor.foreground': token('--ink-1'),
      'editorWidget.background': token('--bg-2'),
      'editorWidget.border': token('--line-2'),
      'editorHoverWidget.background': token('--bg-2'),
      'editorHoverWidget.border': token('--line-2'),
      'editorSuggestWidget.background': token('--bg-2'),
      'editorError.foreground': token('--fail'),
      'editorWarning.foreground': token('--warn'),
      'editorInfo.foreground': token('--info'),
      'editorInlayHint.foreground': token('--ink-3'),
      'editorInlayHint.background': '#00000000',
      'editorOverviewRuler.border': '#00000000',
      'scrollbarSlider.background': `${token('--bg-4')}aa`,
      focusBorder: '#00000000',
      ...Object.fromEntries(
        [1, 2, 3, 4, 5, 6].map((level) => [`editorBracketHighlight.foreground${level}`, token('--ink-2')]),
      ),
    },
  })
  monaco.editor.setTheme(`offload-${theme}`)
}
