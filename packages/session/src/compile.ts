/**
 * From source to words: assembler, verifier with the driver's hooks, translator, relocation, disassembly.
 * Each stage's refusal becomes a diagnostic at its place in the source. Never throws.
 */
import { assemble } from '@offload/bpf'
import type { Diagnostic, Program, SourceRange } from '@offload/bpf'
import { disassemble } from '@offload/nfp'
import { FIRMWARE_PROFILES, loadForDevice } from '@offload/nfp-jit'
import { verify } from '@offload/verifier'
import type { VerifyResult } from '@offload/verifier'
import type { Compilation } from './api'
import type { SessionDocument } from './document'

export interface CompileOptions {
  /** Kernel log level, default 2 (every instruction). */
  readonly logLevel?: number
  /** Record what the verifier saw at each instruction. */
  readonly record?: boolean
  readonly port?: number
  readonly cancelled?: () => boolean
}

type Finding = Compilation['diagnostics'][number]

/** Range of the line that made instruction `insn`, from its first to its last visible character before a comment. */
function lineRange(source: string, program: Program, insn: number | undefined): SourceRange {
  const line = insn === undefined ? 0 : (program.lines[insn] ?? 0)
  const text = source.split('\n')[line - 1] ?? ''
  if (line === 0) return { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 }
  const code = text.replace(/\s*(;|\/\/|#).*$/, '')
  const start = code.length - code.trimStart().length
  return { startLine: line, startColumn: start + 1, endLine: line, endColumn: Math.max(code.length, start + 1) + 1 }
}

function finding(source: Finding['source'], code: string, message: string, range: SourceRange): Finding {
  return { source, code, severity: 'error', message, range }
}

/** Judge and translate a document's program for its device. */
export function compile(
  document: Pick<SessionDocument, 'source' | 'firmware' | 'kernel'>,
  options: CompileOptions = {},
): Compilation {
  const assembled = assemble(document.source)
  const fromAssembler = assembled.diagnostics.map((item: Diagnostic): Finding => ({ ...item, source: 'assembler' }))
  if (!assembled.ok) return { ok: false, diagnostics: fromAssembler }
  const { program } = assembled
  const firmware = FIRMWARE_PROFILES[document.firmware]
  const common = {
    progType: program.progType,
    insns: program.insns,
    maps: program.maps,
    relocs: program.relocs,
    kernel: document.kernel,
    logLevel: options.logLevel ?? 2,
    record: options.record ?? false,
    ...(options.cancelled === undefined ? {} : { cancelled: options.cancelled }),
  }
  const {
    verify: walked,
    image,
    relocated,
    ...device
  } = loadForDevice({ ...common, firmware, port: options.port ?? 0 })
  // Where the device refused, the kernel's own opinion of the program is asked for separately.
  const kernel: VerifyResult =
    device.verdict === 'driver-reject' && walked.verdict !== 'accept'
      ? verify({ ...common, license: program.license })
      : walked
  const range = (insn: number | undefined): SourceRange => lineRange(document.source, program, insn)
  const diagnostics: Finding[] = [...fromAssembler]
  if (kernel.verdict === 'reject')
    diagnostics.push(
      finding(
        'kernel',
        'kernel.refused',
        kernel.error || `refused with errno ${kernel.errno}`,
        range(kernel.errorInsn),
      ),
    )
  if (kernel.verdict === 'cancelled')
    diagnostics.push(
      finding('kernel', 'kernel.cancelled', 'The verifier was stopped before it had an answer.', range(undefined)),
    )
  if (device.verdict === 'driver-reject')
    diagnostics.push(
      finding(
        'device',
        `device.${device.stage ?? 'refused'}`,
        device.error || `refused with errno ${device.errno}`,
        range(device.insn),
      ),
    )
  return {
    ok: device.verdict === 'ok' && image !== undefined,
    diagnostics,
    program,
    kernel,
    device,
    ...(image === undefined ? {} : { image, disassembly: disassemble(image.words) }),
    ...(relocated === undefined ? {} : { relocated }),
  }
}
