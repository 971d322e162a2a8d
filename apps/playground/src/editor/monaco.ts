/**
 * Monaco with the few features that the page uses. Loaded lazily, behind the first paint: import it dynamically only.
 * Some entry points of this version do not register what they are named after: completion's controller, the commands
 * of go to definition and references, semantic colours. Hence the deep imports.
 */
import * as monaco from 'monaco-editor/editor'
import 'monaco-editor/features/bracketMatching/register'
import 'monaco-editor/features/clipboard/register'
import 'monaco-editor/features/codeAction/register'
import 'monaco-editor/features/codicon/register'
import 'monaco-editor/features/comment/register'
import 'monaco-editor/features/cursorUndo/register'
import 'monaco-editor/features/find/register'
import 'monaco-editor/features/folding/register'
import 'monaco-editor/features/gotoError/register'
import 'monaco-editor/features/hover/register'
import 'monaco-editor/features/indentation/register'
import 'monaco-editor/features/inlayHints/register'
import 'monaco-editor/features/linesOperations/register'
import 'monaco-editor/features/multicursor/register'
import 'monaco-editor/features/quickOutline/register'
import 'monaco-editor/features/referenceSearch/register'
import 'monaco-editor/features/snippet/register'
import 'monaco-editor/features/suggest/register'
import 'monaco-editor/features/toggleTabFocusMode/register'
import 'monaco-editor/features/format/register'
import 'monaco-editor/features/gotoSymbol/register'
import 'monaco-editor/features/rename/register'
import 'monaco-editor/features/wordOperations/register'
import 'monaco-editor/editor/contrib/gotoSymbol/browser/goToCommands'
import 'monaco-editor/editor/contrib/semanticTokens/browser/documentSemanticTokens'
import 'monaco-editor/editor/contrib/suggest/browser/suggestController'
// The default export is made by Vite's `?worker`.
// oxlint-disable-next-line import/default
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import { assemblerFindings, mark } from './early-findings'
import { registerBpfLanguage } from './language'

self.MonacoEnvironment = { getWorker: () => new EditorWorker() }

registerBpfLanguage(monaco)

export { assemblerFindings, mark, monaco }
export type Monaco = typeof monaco
