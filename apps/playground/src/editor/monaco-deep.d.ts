/** Monaco's deep entry points that ship without types; imported for their registration only. */
declare module 'monaco-editor/editor/contrib/gotoSymbol/browser/goToCommands'
declare module 'monaco-editor/editor/contrib/semanticTokens/browser/documentSemanticTokens'
declare module 'monaco-editor/editor/contrib/suggest/browser/suggestController'
declare module 'monaco-editor/features/*/register'
declare module 'monaco-editor/editor/editor.worker?worker' {
  const EditorWorker: new () => Worker
  export default EditorWorker
}
