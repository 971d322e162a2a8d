// Test helper: joins a shared chip from a worker thread. Registers tsx so that the package's source can be loaded.
import { parentPort, workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
const { joinChip } = await import('../src/member.ts')
const { share, member, members } = workerData
const chip = joinChip(share, member, members)
parentPort.postMessage('ready')
chip.serve()
