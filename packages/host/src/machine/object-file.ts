/** Object files in the host's file system: what `obj FILE sec NAME` and `bpftool prog load FILE` read. */
import { importElf } from '@offload/bpf'
import type { Program, ProgType, CLine } from '@offload/bpf'

export interface ObjectFile {
  readonly programs: readonly ObjectProgram[]
  /** Types, as the loader hands them to the kernel. */
  readonly btf?: Uint8Array
}

export interface ObjectProgram {
  readonly section: string
  readonly program: Program
  /** First instruction and BTF id of each function. */
  readonly funcInfo?: readonly { readonly insn: number; readonly type: number }[]
  /** Source lines by instruction. */
  readonly source?: readonly CLine[]
}

const SECTIONS: Readonly<Record<ProgType, string>> = {
  xdp: 'xdp',
  sched_cls: 'classifier',
  sched_act: 'action',
  socket_filter: 'socket',
  cgroup_skb: 'cgroup/skb',
}

/** An object with one program, in the section that its type usually has. */
export function objectOf(program: Program, section: string = SECTIONS[program.progType]): ObjectFile {
  return { programs: [{ section, program }] }
}

/** An ELF file; undefined when it is none, or has errors. */
export function readObjectFile(bytes: Uint8Array, name?: string): ObjectFile | undefined {
  const result = importElf(bytes, name === undefined ? {} : { name })
  if (!result.ok) return undefined
  return {
    programs: result.programs.map((program) => ({
      section: program.section,
      program,
      funcInfo: program.funcInfo,
      source: program.cLines,
    })),
    ...(result.btf && { btf: result.btf }),
  }
}
