/**
 * The soak: mixed traffic, map operations of the host, attaching and detaching for ten minutes (`SOAK_SECONDS`), at least
 * 10,000 map operations and 1,000 attach cycles. Fails when anything is left at the end, an event is unaccounted for, or
 * memory grows between the first quarter and the end.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Soak } from '../src/testing/soak'

const seconds = Number(process.env['SOAK_SECONDS'] ?? 600)
/** Growth of the heap that is noise of the collector (bytes). */
const NOISE = 4 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heap = (): number => {
  collect()
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

const soak = new Soak()
const start = performance.now()
let quarter: number | undefined
let rounds = 0
for (let spent = 0; spent < seconds || rounds < 500; spent = (performance.now() - start) / 1000) {
  for (let i = 0; i < 20; i++) soak.round()
  rounds += 20
  if (quarter === undefined && spent > seconds / 4) quarter = heap()
}
const last = heap()
const report = soak.end()
const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
console.log(
  `${report.packets} packets, ${report.mapOperations} map operations, ${report.attachments} attachments in ${((performance.now() - start) / 1000).toFixed(0)} s`,
)
console.log(
  `events: ${report.events.sent} sent, ${report.events.read} read, ${report.events.lost} lost; nothing left at the end`,
)
console.log(`memory ${megabytes(quarter ?? last)} MB after a quarter, ${megabytes(last)} MB at the end`)
if (last - (quarter ?? last) > NOISE) {
  console.log('memory grew')
  process.exitCode = 1
}
