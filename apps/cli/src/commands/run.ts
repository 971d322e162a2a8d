/** `offload run`: a number of packets through the emulated card, and what came of them. */
import { compile, createPlayback } from '@offload/session'
import type { Command } from '.'
import { BadUse, documentFor, fileArgument, findings } from './input'

export const runCommand: Command = {
  name: 'run',
  usage: 'run FILE [--program NAME] [--packets N] [--fw NAME]',
  summary: 'packets through the emulated card; verdicts, maps, state hash',
  options: { packets: { type: 'string' }, fw: { type: 'string' }, program: { type: 'string' } },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const packets = Number(values['packets'] ?? 1000)
    if (!Number.isInteger(packets) || packets < 1 || packets > 100_000_000)
      throw new BadUse('--packets is a whole number from 1 to 100000000')
    const document = documentFor(file, values)
    const compilation = compile(document, { logLevel: 0 })
    if (!compilation.ok)
      return {
        failed: true,
        text: findings(file, compilation),
        json: { ok: false, diagnostics: compilation.diagnostics },
      }
    const made = createPlayback(document, compilation)
    if (!made.ok) return { failed: true, text: `${made.error}\n`, json: { ok: false, error: made.error } }
    const { playback } = made
    playback.runPackets(packets)
    const { counters } = playback.read()
    const { wordCounts: _, busy, queues, ...rest } = counters
    const used = queues.slice(0, document.queues)
    const maps = playback.maps(64)
    const hash = playback.stateHash()
    const text =
      `packets    ${counters.received} received, ${counters.passed} passed, ${counters.dropped} dropped, ${counters.transmitted} sent back, ${counters.aborted} aborted, ${counters.lost} lost\n` +
      `time       ${counters.cycles} cycles, ${(playback.nanoseconds / 1000).toFixed(1)} µs simulated\n` +
      `words      ${counters.words} executed\n` +
      `queues     ${used.join(' ')}\n` +
      maps
        .map(
          (map) =>
            `map        ${map.name} (${map.type})\n` +
            map.entries.map((entry) => `           ${entry.key}  ${entry.value}\n`).join(''),
        )
        .join('') +
      `state      ${hash}\n`
    return {
      failed: false,
      text,
      json: { ok: true, counters: { ...rest, busy, queues: used }, maps, state_hash: hash },
    }
  },
}
