/** bpftool prog dump xlated … visual: basic blocks as a DOT graph. */
import { immAt, kernelInsnText, opcodeAt } from '@offload/bpf'
import { kernelCode } from '../machine/kernel-code'
import type { BpfProgram } from '../machine/objects'

export function controlFlow(program: BpfProgram): string {
  const code = kernelCode(program)
  const flat = new Uint8Array(code.length * 8)
  code.forEach((insn, i) => flat.set(insn.bytes, i * 8))
  const slots: number[] = []
  for (let slot = 0; slot < code.length; slot++) {
    slots.push(slot)
    if (opcodeAt(flat, slot) === 0x18) slot++
  }
  const target = (slot: number): number | undefined => {
    const op = opcodeAt(flat, slot)
    if (((op & 7) !== 5 && (op & 7) !== 6) || op === 0x85 || op === 0x8d || op === 0x95) return undefined
    return (
      slot + 1 + (op === 0x06 ? immAt(flat, slot) : ((flat[slot * 8 + 2]! | (flat[slot * 8 + 3]! << 8)) << 16) >> 16)
    )
  }
  const starts = new Set<number>([0])
  slots.forEach((slot, i) => {
    const to = target(slot)
    if (to !== undefined) starts.add(to)
    if ((to !== undefined || opcodeAt(flat, slot) === 0x95) && slots[i + 1] !== undefined) starts.add(slots[i + 1]!)
  })
  let text =
    'digraph "DOT graph for eBPF program" {\nsubgraph "cluster_0" {\n\tstyle="dashed";\n\tcolor="black";\n\tlabel="func_0 ()";\n'
  let edges = ''
  let block = 0
  slots.forEach((slot, i) => {
    if (starts.has(slot)) {
      block = slot
      text += `\tfn_0_bb_${slot} [shape=record,style=filled,label="{`
    }
    const op = opcodeAt(flat, slot)
    text += `${slot}: (${op.toString(16).padStart(2, '0')}) ${kernelInsnText(flat, slot).replace(/[<>{}|"]/g, '\\$&')}\\l\\\n`
    const next = slots[i + 1]
    if (next !== undefined && !starts.has(next)) {
      text += ' | '
      return
    }
    text += '}"];\n\n'
    const to = target(slot)
    if (to !== undefined) edges += `\tfn_0_bb_${block}:s -> fn_0_bb_${to}:n;\n`
    if (next !== undefined && op !== 0x95 && op !== 0x05) edges += `\tfn_0_bb_${block}:s -> fn_0_bb_${next}:n;\n`
  })
  return `${text}${edges}}\n}\n`
}
