/** An ELF object as the text of its first program, in the dialect that the editor reads back. Fetched when one is dropped. */
import { disassemble, importElf } from '@offload/bpf'

export type ObjectText =
  | { readonly ok: true; readonly text: string; readonly name: string; readonly others: readonly string[] }
  | { readonly ok: false; readonly error: string }

export function textOfObject(bytes: Uint8Array, fileName: string): ObjectText {
  const result = importElf(bytes, { name: fileName })
  if (!result.ok)
    return { ok: false, error: result.findings.map(({ message }) => message).join('; ') || 'it is no BPF object' }
  const [first, ...rest] = result.programs
  if (first === undefined) return { ok: false, error: 'it holds no program' }
  return { ok: true, text: disassemble(first), name: first.name, others: rest.map(({ name }) => name) }
}
