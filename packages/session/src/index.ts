export * from './api'
export * from './document'
