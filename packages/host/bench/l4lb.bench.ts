/**
 * A million packets through the load balancer on the card: spread over 32 destinations within 5 % of even, each packet
 * valid IPv4 in IPv4, each with the bytes that the host's machine makes. `L4LB_PACKETS` sets another number.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createHostMap, createVm, loadProgram, mapAttributes, createFastProgram } from '../src/index'
import { clientTraffic, loadBalancer, ownDestinations, spread, wrongWith } from '../src/testing/load-balancer'
import { vectorsDir } from '../../tooling/vectors'

const total = Number(process.env['L4LB_PACKETS'] ?? 1_000_000)
const BATCH = 5000
const folder = vectorsDir('l4lb')
const file = folder && path.join(folder, '32_destinations.csv')
const { machine, program, servers, stats } = loadBalancer(
  readFileSync(new URL('../testdata/l4lb.bpf', import.meta.url), 'utf8'),
  file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ownDestinations(32),
)
const vm = createVm()
const maps = program.definition.maps.map((definition) => {
  const made = createHostMap(vm, mapAttributes(definition))
  if (!made.ok) throw new Error(`errno ${made.errno}`)
  return made.map
})
for (const { key, value } of machine.mapDump(servers.id)) maps[0]!.hostUpdate(key, value, 0)
const fast = createFastProgram(vm, loadProgram(program.definition.insns, program.definition.relocs, maps), 'xdp')

const source = clientTraffic()
let different = 0
let invalid = 0
for (let done = 0; done < total; done += BATCH) {
  const frames = Array.from({ length: Math.min(BATCH, total - done) }, () => source.next()!)
  machine.offer(frames)
  const packets = machine.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })
  if (packets.length !== frames.length) throw new Error(`${packets.length} of ${frames.length} packets left the card`)
  packets.forEach(({ record }, index) => {
    const host = fast.run(frames[index]!.data)
    if (record.outcome !== 'tx' || host.retval !== 3 || Buffer.compare(record.data, host.data) !== 0) different++
    if (wrongWith(record.data).length > 0) invalid++
  })
}
const { counts, uneven } = spread(machine, stats)
console.log(
  `${counts.reduce((sum, count) => sum + count, 0)} packets over ${counts.length} destinations: ${Math.min(...counts)} … ${Math.max(...counts)}, at most ${(uneven * 100).toFixed(2)} % from even`,
)
console.log(`${different} packets differ from the host machine, ${invalid} are not valid IPv4 in IPv4`)
if (different > 0 || invalid > 0 || uneven > 0.05) process.exitCode = 1
