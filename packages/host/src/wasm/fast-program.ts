/**
 * The fast way to run a program for the host: translated to WebAssembly. Result, bytes, maps, counts and faults are those
 * of `runProgram`, which stays its oracle and runs what cannot be translated.
 */
import type { ProgType } from '@offload/bpf'
import { interpret } from '../vm/interpreter'
import type { VmProgram } from '../vm/program'
import { runPacket } from '../vm/run'
import type { RunOptions, RunResult } from '../vm/run'
import type { Vm } from '../vm/vm'
import { fastMachine } from './fast-machine'

export interface FastProgram {
  /** False when the interpreter runs it: no WebAssembly, or a program that breaks the calling convention. */
  readonly translated: boolean
  /** Bytes of the WebAssembly module, 0 without one. */
  readonly size: number
  /** One packet, as `runProgram(vm, program, progType, packet, options)`. */
  run(packet: Uint8Array, options?: RunOptions): RunResult
}

/**
 * Translates `program` for `vm`, whose memory moves into a WebAssembly memory at the first call. The maps that the
 * program was loaded with must live as long as it does.
 */
export function createFastProgram(vm: Vm, program: VmProgram, progType: ProgType): FastProgram {
  const machine = fastMachine(vm)
  const code = machine?.codeOf(program, progType === 'xdp' ? 'xdp' : 'skb')
  const execute = code && machine ? (): void => machine.run(code) : (): void => interpret(vm, program)
  return {
    translated: code !== undefined,
    size: code?.size ?? 0,
    run: (packet, options = {}) => runPacket(vm, progType, packet, options, execute),
  }
}
