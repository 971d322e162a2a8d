export * from './program'
