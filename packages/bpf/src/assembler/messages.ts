/**
 * The catalogue of what can be wrong with a source text: stable code and the sentence for it.
 * `$0`, `$1`, … stand for the values of a finding.
 */

export const MESSAGES = {
  'unknown-instruction': 'There is no instruction `$0`',
  'unexpected-token': 'Unexpected `$0`',
  'unexpected-end': 'The line ends too early',
  'bad-token': '`$0` is neither a number nor a name',
  'bad-register': 'There is no register `$0`: BPF has r0 to r10',
  'register-width': '`$0` has the wrong width here',
  'register-mismatch': 'Both registers of this instruction must be the same, found `$0` and `$1`',
  'unknown-name': '`$0` is not declared',
  'bad-expression': 'This expression has no value: $0',
  'immediate-range': '$0 does not fit a 32-bit immediate',
  'sign-extended': '$0 becomes $1: a 32-bit immediate is extended with its sign to 64 bits',
  'imm64-range': '$0 does not fit 64 bits',
  'offset-range': 'Offset $0 does not fit 16 bits',
  'jump-range': 'The target is $0 instructions away, further than this jump reaches',
  'unknown-label': 'There is no label `$0`',
  'unknown-function': 'There is no helper or subprogram `$0`',
  'unknown-map': 'There is no map `$0`',
  'duplicate-label': 'Label `$0` is already defined in line $1',
  'duplicate-name': '`$0` is already declared in line $1',
  'unknown-directive': 'There is no directive `$0`',
  'directive-syntax': 'Malformed `$0`: $1',
  'unknown-type': 'There is no type `$0`',
  'unknown-map-type': 'There is no map type `$0`',
  'unknown-prog-type': 'There is no program type `$0`',
  'bad-raw': '`.raw` needs 8 or 16 bytes in hex',
  'second-program': 'One text holds one program; `$0` is a second one',
  'no-instructions': 'There are no instructions',
  'skipped-section': 'Section `$0` holds no instructions of the program and is left out',
  'section-order': 'Section `$0` begins at instruction $1, but a program starts at instruction 0',
  'classic-bpf': 'This is classic BPF (as `tcpdump -d` prints it), not eBPF',
  'not-source': 'This is $0, not source text: import it',
  'text-too-long': 'The text is longer than $0 characters',
  'too-many-instructions': 'A program has at most $0 instructions',
} as const

export type DiagnosticCode = keyof typeof MESSAGES

/** The sentence of a code with its values filled in. */
export function messageText(code: DiagnosticCode, values: readonly (string | number)[]): string {
  return MESSAGES[code].replace(/\$(\d)/g, (_, index: string) => String(values[Number(index)] ?? ''))
}
