export * from './word'
