/** `offload jit`: the words that the card gets, each with the BPF instruction it came from. */
import { insnText } from '@offload/bpf'
import { wordHex, wordsToHex } from '@offload/nfp'
import { compile } from '@offload/session'
import type { Command } from '.'
import { documentFor, fileArgument, findings } from './input'

export const jitCommand: Command = {
  name: 'jit',
  usage: 'jit FILE [--program NAME] [--fw NAME] [--relocated]',
  summary: 'the NFP words, with the BPF instruction of each',
  options: { fw: { type: 'string' }, program: { type: 'string' }, relocated: { type: 'boolean' } },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const compilation = compile(documentFor(file, values), { logLevel: 0 })
    const { image, relocated, program, disassembly } = compilation
    if (image === undefined || relocated === undefined || program === undefined || disassembly === undefined)
      return {
        failed: true,
        text: findings(file, compilation),
        json: { ok: false, diagnostics: compilation.diagnostics },
      }
    const shown = values['relocated'] === true ? relocated : image.words
    let last = -100
    const lines = disassembly.map((text, index) => {
      const origin = image.origins[index]
      const head =
        origin !== undefined && origin.insn !== last
          ? origin.insn >= 0
            ? `; ${origin.insn}: ${insnText(program.insns, origin.insn, 'llvm')}\n`
            : '\n'
          : ''
      last = origin?.insn ?? last
      return `${head}${String(index).padStart(5)}  ${wordHex(shown, index)}  ${text}\n`
    })
    return {
      failed: false,
      text: lines.join('') + `${disassembly.length} words, ${image.stackSize} bytes of stack\n`,
      json: {
        ok: true,
        nfp: wordsToHex(image.words),
        nfp_relocated: wordsToHex(relocated),
        disasm: disassembly,
        stack_size: image.stackSize,
        origins: image.origins,
      },
    }
  },
}
