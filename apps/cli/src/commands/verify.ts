/** `offload verify`: the kernel's verdict and log, for the host alone or with the device's checks. */
import { assemble } from '@offload/bpf'
import { compile } from '@offload/session'
import { verify } from '@offload/verifier'
import type { Command } from '.'
import { BadUse, documentFor, fileArgument, findings } from './input'

export const verifyCommand: Command = {
  name: 'verify',
  usage: 'verify FILE [--program NAME] [--log-level N] [--host] [--fw NAME]',
  summary: "the verifier's log and verdict; --host without the device",
  options: {
    'log-level': { type: 'string' },
    host: { type: 'boolean' },
    fw: { type: 'string' },
    program: { type: 'string' },
  },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const document = documentFor(file, values)
    const logLevel = Number(values['log-level'] ?? 1)
    if (!Number.isInteger(logLevel) || logLevel < 0 || logLevel > 7) throw new BadUse('--log-level is 0 to 7')
    if (values['host'] !== true) {
      const compilation = compile(document, { logLevel })
      const text = (compilation.kernel?.log ?? '') + findings(file, compilation)
      return {
        failed: !compilation.ok,
        text: text + (compilation.ok ? 'accepted by kernel and device\n' : ''),
        json: {
          ok: compilation.ok,
          kernel: compilation.kernel,
          device: compilation.device,
          diagnostics: compilation.diagnostics,
        },
      }
    }
    const assembled = assemble(document.source)
    if (!assembled.ok)
      return {
        failed: true,
        text: findings(file, compile(document)),
        json: { ok: false, diagnostics: assembled.diagnostics },
      }
    const { program } = assembled
    const result = verify({ ...program, logLevel, kernel: document.kernel })
    const verdict = result.verdict === 'accept' ? 'accepted\n' : `refused (errno ${result.errno}): ${result.error}\n`
    return {
      failed: result.verdict !== 'accept',
      text: result.log + verdict,
      json: { ok: result.verdict === 'accept', kernel: result },
    }
  },
}
