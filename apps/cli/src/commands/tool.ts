/** `offload tool`: one line for the tools of the emulated host, after the program is on the card and packets have passed. */
import { assemble, exportElf } from '@offload/bpf'
import { DEMOS } from '@offload/content'
import { readObjectFile, runCommand as runLine } from '@offload/host'
import { compile, createPlayback } from '@offload/session'
import type { Command } from '.'
import { BadUse, documentFor, findings } from './input'

export const toolCommand: Command = {
  name: 'tool',
  usage: 'tool "LINE" [--file FILE] [--program NAME] [--packets N] [--fw NAME]',
  summary: 'bpftool, ip, tc, ethtool … on the emulated host; FILE (demo:flood) is on the card, demos are files NAME.o',
  options: {
    file: { type: 'string' },
    packets: { type: 'string' },
    fw: { type: 'string' },
    program: { type: 'string' },
  },
  run(positionals, values) {
    const line = positionals.join(' ')
    if (line.trim() === '') throw new BadUse('tool takes a command line, such as "bpftool prog show"')
    const packets = Number(values['packets'] ?? 0)
    if (!Number.isInteger(packets) || packets < 0 || packets > 100_000_000)
      throw new BadUse('--packets is a whole number from 0 to 100000000')
    const file = typeof values['file'] === 'string' ? values['file'] : 'demo:flood'
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
    const { machine } = playback
    for (const { id, source } of DEMOS) {
      const assembled = assemble(source)
      const elf = assembled.ok ? exportElf(assembled.program, { source, sourceName: `${id}.bpf` }) : undefined
      const object = elf?.ok === true ? readObjectFile(elf.object, `${id}.o`) : undefined
      if (object !== undefined) machine.files.set(`${id}.o`, object)
    }
    if (packets > 0) playback.runPackets(packets)
    const { stdout, stderr, code } = runLine(machine, line)
    return { failed: code !== 0, text: stdout + stderr, json: { ok: code === 0, stdout, stderr, code } }
  },
}
