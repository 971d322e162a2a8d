/** Monaco's deep entry points that ship without types; imported for their registration only. */
declare module 'monaco-editor/editor/contrib/suggest/browser/suggestController'
declare module 'monaco-editor/features/*/register'
