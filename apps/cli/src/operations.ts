/** The operations of `offload batch`, by name. Each takes a request's fields and gives the answer (design: table of requests). */
import { assemble, disassemble } from '@offload/bpf'
import { disassemble as disassembleWords, wordsFromHex, wordsToHex } from '@offload/nfp'
import { loadForDevice } from '@offload/nfp-jit'
import { verify } from '@offload/verifier'
import type { Capability } from '@offload/verifier'
import { firmwareOf } from './firmware'
import { BadRequest, array, fromHex, instructions, integer, oneOf, toHex } from './hex'
import { programFields } from './program-fields'
import { conformanceOperation, runOperation } from './run-operations'

export type Operation = (request: Record<string, unknown>) => unknown

const DIALECTS = ['llvm', 'mnemonic'] as const
const CAPABILITIES: readonly Capability[] = ['bpf', 'net_admin', 'perfmon', 'sys_admin']

function asm(request: Record<string, unknown>): unknown {
  const text = request['text']
  if (typeof text !== 'string') throw new BadRequest('"text" is not text')
  const dialect = oneOf(request['dialect'], 'dialect', [...DIALECTS, 'auto'] as const, 'auto')
  const result = assemble(text, { dialect })
  if (!result.ok) return { ok: false, diagnostics: result.diagnostics }
  const { insns, maps, relocs, progType, license, name } = result.program
  return {
    ok: true,
    insns: toHex(insns),
    maps,
    relocs,
    prog_type: progType,
    license,
    name,
    diagnostics: result.diagnostics,
  }
}

function disasm(request: Record<string, unknown>): unknown {
  const dialect = oneOf(request['dialect'], 'dialect', DIALECTS, 'llvm')
  return { ok: true, text: disassemble(instructions(request['insns']), { dialect }) }
}

function verifyOperation(request: Record<string, unknown>): unknown {
  const fields = programFields(request)
  const caps =
    request['caps'] === undefined
      ? undefined
      : array(request['caps'], 'caps').map((item, index) => oneOf(item, `caps[${index}]`, CAPABILITIES))
  const result = verify({
    ...fields,
    logLevel: request['log_level'] === undefined ? 2 : integer(request['log_level'], 'log_level'),
    progFlags: request['prog_flags'] === undefined ? 0 : integer(request['prog_flags'], 'prog_flags'),
    ...(caps === undefined ? {} : { caps }),
    ...(request['btf'] === undefined ? {} : { btf: fromHex(request['btf'], 'btf') }),
    ...(request['func_info'] === undefined ? {} : { funcInfo: fromHex(request['func_info'], 'func_info') }),
  })
  return {
    ok: true,
    verdict: result.verdict,
    errno: result.errno,
    error: result.error,
    ...(result.errorInsn === undefined ? {} : { error_insn: result.errorInsn }),
    log: result.log,
    processed_insns: result.processedInsns,
    max_states_per_insn: result.maxStatesPerInsn,
    total_states: result.totalStates,
    peak_states: result.peakStates,
    stack_depth: result.stackDepth.join('+'),
  }
}

function jit(request: Record<string, unknown>): unknown {
  const fields = programFields(request)
  const result = loadForDevice({
    ...fields,
    firmware: firmwareOf(request),
    logLevel: 0,
    ...(fields.maps.some((map) => map.id !== undefined) ? { mapIds: fields.maps.map((map) => map.id ?? 0) } : {}),
  })
  return {
    ok: true,
    verdict: result.verdict,
    ...(result.verdict === 'ok'
      ? {}
      : { errno: result.errno, error: result.error, stage: result.stage, insn: result.insn }),
    ...(result.image === undefined
      ? {}
      : {
          nfp: wordsToHex(result.image.words),
          stack_size: result.image.stackSize,
          subprogs: result.image.subprograms,
        }),
    ...(result.relocated === undefined ? {} : { nfp_relocated: wordsToHex(result.relocated) }),
  }
}

function nfpDisasm(request: Record<string, unknown>): unknown {
  const list = array(request['words'], 'words')
  try {
    return { ok: true, lines: disassembleWords(wordsFromHex(list as string[])) }
  } catch (error) {
    if (error instanceof RangeError) throw new BadRequest(error.message)
    throw error
  }
}

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['asm', asm],
  ['disasm', disasm],
  ['verify', verifyOperation],
  ['jit', jit],
  ['run', runOperation],
  ['conformance', conformanceOperation],
  ['nfp-disasm', nfpDisasm],
])
