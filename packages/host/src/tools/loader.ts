/** Loading from an object file as libbpf does it, with the lines it prints on failure (tool-formats.md, section 7). */
import { errnoText } from '../errno'
import type { Machine } from '../machine/machine'
import type { LoadResult } from '../machine/program-loader'
import type { ObjectFile, ObjectProgram } from '../machine/object-file'

const NAMES: Readonly<Record<number, string>> = {
  1: 'Operation not permitted',
  7: 'Argument list too long',
  12: 'Cannot allocate memory',
  13: 'Permission denied',
  22: 'Invalid argument',
  95: 'Operation not supported',
}

/** Loads a program of the object `file`; on failure the text that goes to stderr. */
export function loadObject(
  machine: Machine,
  file: string,
  object: ObjectFile,
  entry: ObjectProgram,
  ifindex: number | undefined,
):
  | { readonly ok: true; readonly result: Extract<LoadResult, { ok: true }> }
  | { readonly ok: false; readonly stderr: string; readonly errno: number } {
  const { program } = entry
  const result = machine.load(program, {
    logLevel: 1,
    ...(ifindex !== undefined && { offload: true, ifindex }),
    ...(object.btf &&
      entry.funcInfo && { object: { btf: object.btf, funcInfo: entry.funcInfo, source: entry.source ?? [] } }),
  })
  if (result.ok) return { ok: true, result }
  const text = NAMES[result.errno] ?? errnoText(result.errno)
  const name = file.split('/').at(-1)!
  const lines: string[] = []
  if (result.stage === 'map_create') {
    lines.push(`libbpf: Error in bpf_create_map_xattr(${result.map}):${text}(-${result.errno}). Retrying without BTF.`)
    lines.push(`libbpf: map '${result.map}': failed to create: ${text}(-${result.errno})`)
  } else {
    lines.push(`libbpf: prog '${program.name}': BPF program load failed: ${text}`)
    const log = result.verify?.log ?? ''
    if (log !== '')
      lines.push(
        `libbpf: prog '${program.name}': -- BEGIN PROG LOAD LOG --`,
        log.replace(/\n$/, ''),
        '-- END PROG LOAD LOG --',
      )
    lines.push(`libbpf: prog '${program.name}': failed to load: -${result.errno}`)
  }
  lines.push(`libbpf: failed to load object '${name}'`)
  return { ok: false, stderr: `${lines.join('\n')}\n`, errno: result.errno }
}
