/**
 * From source to words: assembler, verifier with the driver's hooks, translator, relocation, disassembly.
 * Each stage's refusal becomes a diagnostic at its place in the source. Never throws.
 */
import { ProgramNames, assemble, detectDialect, insnText, mapText } from '@offload/bpf'
import type { Diagnostic, MapDef, Program, SourceRange } from '@offload/bpf'
import { disassemble } from '@offload/nfp'
import { doctor, loadForDevice, surveyDevice } from '@offload/nfp-jit'
import type { DeviceLoadRequest, DoctorFinding, PassSwitches } from '@offload/nfp-jit'
import { verify } from '@offload/verifier'
import type { VerifyRequest, VerifyResult } from '@offload/verifier'
import type { Advice, Compilation } from './api'
import type { SessionDocument } from './document'
import { firmwareOf } from './firmware'

export interface CompileOptions {
  /** Kernel log level, default 2 (every instruction). */
  readonly logLevel?: number
  /** Record what the verifier saw at each instruction. */
  readonly record?: boolean
  readonly port?: number
  /** Keep the program before and after each optimisation pass. */
  readonly trace?: boolean
  readonly cancelled?: () => boolean
}

type Finding = Compilation['diagnostics'][number]

/** Range of the line that made instruction `insn`, from its first to its last visible character before a comment. */
export function lineRange(source: string, program: Program, insn: number | undefined): SourceRange {
  return rangeOfLine(source, insn === undefined ? 0 : (program.lines[insn] ?? 0))
}

function rangeOfLine(source: string, line: number): SourceRange {
  const text = source.split('\n')[line - 1] ?? ''
  if (line === 0) return { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 }
  const code = text.replace(/\s*(;|\/\/|#).*$/, '')
  const start = code.length - code.trimStart().length
  return { startLine: line, startColumn: start + 1, endLine: line, endColumn: Math.max(code.length, start + 1) + 1 }
}

function finding(source: Finding['source'], code: string, message: string, range: SourceRange): Finding {
  return { source, code, severity: 'error', message, range }
}

/** Lines of the log that are not what the verifier says about the program, but where it is and what it knows. */
const BOOKKEEPING =
  /^(\d+: |from \d+|mark_precise|\(\d+|frame ?\d|caller:|callee:|returning from|SCC |live regs|func#|processed |verification time|stack depth|\s*$)/

/** All that the verifier said at the refusal: often one line says what and the next why. */
function kernelWords(kernel: VerifyResult): string {
  const lines = kernel.log.split('\n').map((line) => line.trimEnd())
  const last = lines.lastIndexOf(kernel.error)
  if (last < 0 || kernel.error === '') return kernel.error
  let first = last
  while (first > 0 && !BOOKKEEPING.test(lines[first - 1]!)) first--
  return lines.slice(first, last + 1).join('\n')
}

export type Compiled = Pick<SessionDocument, 'source' | 'firmware' | 'kernel' | 'capabilities' | 'passesOff'>

/** What the driver is asked for a program of a document. */
export function deviceRequest(document: Compiled, program: Program, options: CompileOptions): DeviceLoadRequest {
  return {
    progType: program.progType,
    insns: program.insns,
    maps: program.maps,
    relocs: program.relocs,
    license: program.license,
    kernel: document.kernel,
    logLevel: options.logLevel ?? 2,
    record: options.record ?? false,
    trace: options.trace ?? false,
    firmware: firmwareOf(document),
    port: options.port ?? 0,
    passes: passSwitches(document),
    ...(options.cancelled === undefined ? {} : { cancelled: options.cancelled }),
  }
}

function passSwitches(document: Pick<SessionDocument, 'passesOff'>): PassSwitches {
  return Object.fromEntries((document.passesOff ?? []).map((name) => [name, false]))
}

/** Judge and translate a document's program for its device. */
export function compile(document: Compiled, options: CompileOptions = {}): Compilation {
  const assembled = assemble(document.source)
  const fromAssembler = assembled.diagnostics.map((item: Diagnostic): Finding => ({ ...item, source: 'assembler' }))
  if (!assembled.ok) return { ok: false, diagnostics: fromAssembler }
  const { program } = assembled
  const request = deviceRequest(document, program, options)
  const { verify: walked, image, relocated, ...loaded } = loadForDevice(request)
  // The driver's first refusal ends the load; what it says of the instructions behind it is asked for separately.
  const device = loaded.stage === 'verify_insn' ? { ...loaded, driverVerdicts: surveyDevice(request).verdicts } : loaded
  // Where the device refused, the kernel's own opinion of the program is asked for separately.
  const mapRefused = device.verdict === 'kernel-reject' && device.stage === 'map_create'
  const kernel: VerifyResult = mapRefused
    ? verify(withoutDevice(request))
    : device.verdict === 'driver-reject' && walked.verdict !== 'accept'
      ? verify(withoutDevice(request))
      : walked
  const range = (insn: number | undefined): SourceRange => lineRange(document.source, program, insn)
  const diagnostics: Finding[] = [...fromAssembler]
  if (kernel.verdict === 'reject')
    diagnostics.push(
      finding(
        'kernel',
        'kernel.refused',
        kernelWords(kernel) || `refused with errno ${kernel.errno}`,
        range(kernel.errorInsn),
      ),
    )
  if (mapRefused && kernel.verdict === 'accept') diagnostics.push(mapFinding(document.source, program, device))
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
        device.map === undefined ? range(device.insn) : mapRange(document.source, program, device.map),
      ),
    )
  return {
    ok: device.verdict === 'ok' && image !== undefined,
    diagnostics,
    program,
    passes: request.passes ?? {},
    kernel,
    device,
    ...(image === undefined ? {} : { image, disassembly: disassemble(image.words) }),
    ...(relocated === undefined ? {} : { relocated }),
  }
}

/** The kernel makes some maps for the host only and says no word about it: which map it was, and where it is declared. */
function mapFinding(source: string, program: Program, device: NonNullable<Compilation['device']>): Finding {
  const map = program.maps[device.map ?? 0]
  return finding(
    'device',
    'device.map_create',
    `map "${map?.name ?? ''}": the kernel makes no map of type ${map?.type ?? ''} for a device, only array and hash (errno ${device.errno}, without words of its own)`,
    mapRange(source, program, device.map ?? 0),
  )
}

/** Where a map is declared. */
const mapRange = (source: string, program: Program, map: number): SourceRange =>
  rangeOfLine(source, program.mapLines?.[map] ?? 0)

/** The same program for a host. */
export function withoutDevice({
  firmware: _,
  port: _port,
  passes: _passes,
  trace: _trace,
  mapIds: _ids,
  ...request
}: DeviceLoadRequest): VerifyRequest {
  return request
}

/**
 * Advice for a program that the device refuses: the limit behind each refusal, and where one was found a changed
 * document with which the refusal goes away (tried, not guessed). Slower than `compile`; ask only when it is shown.
 */
export function advise(document: Compiled): Advice[] {
  const assembled = assemble(document.source)
  if (!assembled.ok) return []
  const { program } = assembled
  const request = deviceRequest(document, program, { logLevel: 0 })
  const restored = withoutCapabilityChanges(document, program)
  return doctor(request, loadForDevice(request)).map((item): Advice => {
    const change = restored ?? changedDocument(document, program, item)
    const { refusal, limit, suggestion } = item
    return {
      text: refusal.text,
      limit,
      suggestion,
      range: lineRange(document.source, program, refusal.insn),
      ...(refusal.insn === undefined ? {} : { insn: refusal.insn }),
      ...(change === undefined ? {} : { change }),
    }
  })
}

/** The firmware as it is named, where that takes the program: what was changed by hand is the reason then. */
function withoutCapabilityChanges(document: Compiled, program: Program): Advice['change'] {
  if (Object.keys(document.capabilities ?? {}).length === 0) return undefined
  const restored = deviceRequest({ ...document, capabilities: {} }, program, { logLevel: 0 })
  if (loadForDevice(restored).verdict !== 'ok') return undefined
  return { title: `Reset the capabilities to those of the firmware "${document.firmware}"`, capabilities: {} }
}

function changedDocument(document: Compiled, program: Program, { change }: DoctorFinding): Advice['change'] {
  if (change === undefined) return undefined
  if (change.kind === 'firmware')
    return { title: `Load for the firmware "${change.firmware}"`, firmware: change.firmware, capabilities: {} }
  if (change.kind === 'maps') return withMaps(document.source, program, change.maps)
  const source = withLineReplaced(document.source, program, change.insn, change.replacement)
  if (source === undefined) return undefined
  // The text must say what was tried: assembled again, it is the tried program.
  const again = assemble(source)
  if (!again.ok || !sameBytes(again.program.insns, change.program.insns)) return undefined
  return { title: `Replace it by ${textsOf(change.replacement).join('; ')}`, source }
}

/** The text with other declarations of maps; the doctor has tried them. */
function withMaps(source: string, program: Program, maps: readonly MapDef[]): Advice['change'] {
  const lines = source.split('\n')
  const changed = maps.flatMap((map, index) => {
    const old = program.maps[index]!
    const same = (map.map_flags ?? 0) === (old.map_flags ?? 0) && map.max_entries === old.max_entries
    return same
      ? []
      : [{ map: { ...old, ...map, map_flags: map.map_flags ?? 0 }, line: program.mapLines?.[index] ?? 0 }]
  })
  if (changed.length === 0 || changed.some(({ line }) => line === 0)) return undefined
  for (const { map, line } of changed) {
    const comment = /\s*(?:;|\/\/|#).*$/.exec(lines[line - 1]!)?.[0] ?? ''
    lines[line - 1] = mapText(map) + comment
  }
  const again = assemble(lines.join('\n'))
  const asTried =
    again.ok &&
    again.program.maps.every(({ max_entries, map_flags }, index) => {
      const tried = maps[index]!
      return max_entries === tried.max_entries && (map_flags ?? 0) === (tried.map_flags ?? 0)
    })
  if (!asTried) return undefined
  return {
    title: `Declare ${changed.map(({ map }) => mapText(map).replace(/^\.map /, '')).join('; ')}`,
    source: lines.join('\n'),
  }
}

const textsOf = (insns: Uint8Array): string[] =>
  Array.from({ length: insns.length / 8 }, (_, index) => insnText(insns, index, 'llvm'))

/** The text with other instructions in place of the one at `insn`; undefined where that has no line of its own. */
export function withLineReplaced(
  source: string,
  program: Program,
  insn: number,
  replacement: Uint8Array,
): string | undefined {
  const range = lineRange(source, program, insn)
  if (range.endColumn === 1) return undefined
  const dialect = detectDialect(source)
  const changed = program.insns.slice()
  changed.set(replacement.subarray(0, 8), 8 * insn)
  // One for one, names and labels are what they were.
  const texts =
    replacement.length === 8
      ? [insnText(changed, insn, dialect, new ProgramNames(changed, program.labels, program))]
      : Array.from({ length: replacement.length / 8 }, (_, index) => insnText(replacement, index, dialect))
  const lines = source.split('\n')
  const line = lines[range.startLine - 1] ?? ''
  const indent = line.slice(0, range.startColumn - 1)
  lines[range.startLine - 1] = indent + texts.join('\n' + indent) + line.slice(range.endColumn - 1)
  return lines.join('\n')
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
