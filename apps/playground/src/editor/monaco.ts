/**
 * Monaco with the few features that the page uses. Loaded lazily, behind the first paint: import it dynamically only.
 * `features/suggest` of this version does not register its controller, hence the deep import.
 */
import * as monaco from 'monaco-editor/editor'
import 'monaco-editor/features/bracketMatching/register'
import 'monaco-editor/features/clipboard/register'
import 'monaco-editor/features/codeAction/register'
import 'monaco-editor/features/codicon/register'
import 'monaco-editor/features/comment/register'
import 'monaco-editor/features/cursorUndo/register'
import 'monaco-editor/features/find/register'
import 'monaco-editor/features/gotoError/register'
import 'monaco-editor/features/hover/register'
import 'monaco-editor/features/indentation/register'
import 'monaco-editor/features/linesOperations/register'
import 'monaco-editor/features/multicursor/register'
import 'monaco-editor/features/snippet/register'
import 'monaco-editor/features/suggest/register'
import 'monaco-editor/features/toggleTabFocusMode/register'
import 'monaco-editor/features/format/register'
import 'monaco-editor/features/gotoSymbol/register'
import 'monaco-editor/features/rename/register'
import 'monaco-editor/features/wordOperations/register'
import 'monaco-editor/editor/contrib/suggest/browser/suggestController'
// The default export is made by Vite's `?worker`.
// oxlint-disable-next-line import/default
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import { registerBpfLanguage } from './language'

self.MonacoEnvironment = { getWorker: () => new EditorWorker() }

registerBpfLanguage(monaco)

export { monaco }
export type Monaco = typeof monaco
