export * from './api'
export * from './driver'
export * from './verify'
export * from './explain'
