/**
 * The engine: scheduler, memory engine, firmware services and translated programs in WebAssembly, over the chip's memory.
 * Follows chip-engine.md, section 7.
 *
 * Three modules: `commands` (what programs call), `segment` (the loaded programs, made at every load) and `engine`
 * (everything around them). Only the second depends on programs, so the others are compiled once for a configuration.
 * What is rare stays in TypeScript and is called as a host function; all state lies in the chip's memory, so the two
 * languages and both tiers may take turns at every step.
 */
import { ModuleBuilder, wasmPlatform } from '@offload/wasm'
import type { ChipConfig } from '../api'
import { programBlocks } from '../code-blocks'
import { BLOCK_END } from '../code-blocks'
import { ENGINE } from '../layout'
import type { ChipMemory, ChipOptions, Layout } from '../layout'
import { PAD } from '../map-hash'
import { CRC_TABLES } from '../crc32'
import type { Timing } from '../timing'
import { SEGMENT_PARAMETERS } from './segment/locals'
import { defineSegment } from './segment/segment-code'
import { UOP } from '../uop'
import type { DecodedStore } from '../uop'
import { compile, instantiate, wasmPages } from '../wasm-memory'
import type { CompiledModule, WasmExports } from '../wasm-memory'
import { COMMAND_SIGNATURES, defineCommands } from './commands-code'
import { FIRMWARE_ENTRY, defineCore, defineWindows } from './core-code'
import { defineDirectHelpers } from './direct-helper-code'
import { defineFunctional } from './functional-code'
import { defineHashes } from './hash-code'
import { defineMapHelpers } from './map-helper-code'
import { defineMemoryUnit, operationInfo } from './memory-unit-code'
import { definePackets } from './packet-code'
import { definePlaces } from './places-code'
import { defineRequests } from './requests-code'
import { defineServices } from './services-code'

/** What the engine leaves to TypeScript. Addresses are bytes; numbers are integers unless said otherwise. */
export interface EngineHost {
  /** Goes on with a core's segment: words left, and `REST`; 1 when the segment ended. */
  advanceRest(core: number, left: number, how: number): number
  makeBucket(number: number): number
  answerElsewhere(core: number): void
  ensure(map: number, keyWord: number): void
  hasRoom(): number
  tidy(number: number): void
  arrive(): void
  spill(): void
  /** `cycle` is a float. */
  admitWaiting(cycle: number): void
  serveNowElsewhere(core: number): void
  giveUpNow(core: number): void
}

/** How `advanceRest` is to go on: as the state says, with one word for the interpreter, with a fault. */
export const REST = { state: 0, oneWord: 1, fault: 2 } as const

/** Words after which the functional model gives a packet up, so that nothing can hang. */
export const ENDLESS_WORDS = 4_000_000

export interface Engine {
  /** Takes over a changed code store. */
  refresh(store: DecodedStore): void
  /** The functions of the loaded programs and around them; undefined where there is no WebAssembly. */
  readonly functions: EngineFunctions | undefined
  /** Writes the constant tables; needed once for a memory. */
  writeTables(): void
}

export interface EngineFunctions {
  readonly segment: (cb: number, tb: number, entry: number, counts: number, limit: number, who: number) => number
  readonly runCore: (core: number, end: number) => void
  readonly runCores: (first: number, step: number, end: number) => void
  /** Exact model only. */
  readonly runWindows?: (until: number, window: number) => number
  readonly serve: (limit: number) => number
  readonly serveCore: (core: number) => void
  readonly runInbox: (core: number) => void
}

/** Compiled modules by configuration: chips of the same kind share them. */
const compiled = new Map<string, { readonly commands: CompiledModule; readonly engine: CompiledModule }>()
const KEPT_CONFIGURATIONS = 8

export function createEngine(
  memory: ChipMemory,
  config: ChipConfig,
  options: ChipOptions,
  timing: Timing,
  member: number,
  host: EngineHost,
): Engine {
  const { words: H, layout } = memory
  const shared = !(memory.buffer instanceof ArrayBuffer)
  const pages = wasmPages(layout.bytes)
  const limits = { minimum: pages, maximum: pages, shared }
  const entriesAt = layout.entries + member * layout.storeWords
  let functions: EngineFunctions | undefined
  let commands: WasmExports | undefined
  const hostFunctions: Record<string, (...values: number[]) => number | void> = { ...host }

  /** Modules that do not depend on programs; undefined where WebAssembly is missing or forbidden. */
  function modules() {
    const key = JSON.stringify([layout, { ...config, seed: 0 }, options.snapLength, options.whenFull, member, shared])
    let found = compiled.get(key)
    if (!found) {
      const commandsModule = compile(commandsBytes(layout, timing, limits))
      const engineModule = commandsModule && compile(engineBytes(layout, config, options, timing, member, limits))
      if (!commandsModule || !engineModule) return undefined
      if (compiled.size >= KEPT_CONFIGURATIONS) compiled.delete(compiled.keys().next().value!)
      found = { commands: commandsModule, engine: engineModule }
      compiled.set(key, found)
    }
    return found
  }

  function refresh(store: DecodedStore): void {
    functions = undefined
    H.fill(-1, entriesAt, entriesAt + layout.storeWords)
    if (!memory.wasm || !wasmPlatform()) return
    const both = modules()
    if (!both) return
    commands ??= instantiate(both.commands, memory.wasm, {})
    const blocks = programBlocks(memory, store)
    const module = new ModuleBuilder('env', limits)
    const calls = {
      issue: module.import('issue', COMMAND_SIGNATURES.issue, 'int'),
      post: module.import('post', COMMAND_SIGNATURES.post, 'int'),
      takeOver: module.import('takeOver', COMMAND_SIGNATURES.takeOver),
      setPointer: module.import('setPointer', COMMAND_SIGNATURES.setPointer),
    }
    defineSegment(module, layout, store, blocks, calls)
    const programs = compile(module.finish())
    if (!programs) return
    const segment = instantiate(programs, memory.wasm, commands)
    functions = {
      ...segment,
      ...instantiate(both.engine, memory.wasm, { ...commands, ...segment, ...hostFunctions }),
    } as unknown as EngineFunctions
    blocks.forEach(({ start, end }, index) => {
      if (end !== BLOCK_END.interpret) H[entriesAt + start] = index
    })
    for (let address = 0; address < layout.storeWords; address++) {
      if (store.op[address] === UOP.firmware) H[entriesAt + address] = FIRMWARE_ENTRY
    }
    H[layout.engine + ENGINE.programWords] = blocks.reduce((sum, block) => sum + block.limit - block.start, 0)
  }

  return {
    refresh,
    get functions() {
      return functions
    },
    writeTables: () => writeTables(H, layout),
  }
}

function writeTables(H: Int32Array, layout: Layout): void {
  H.set(CRC_TABLES, layout.engine + ENGINE.crc)
  H.set(PAD, layout.engine + ENGINE.pad)
  for (let op = 0; op < 256; op++) {
    H[layout.engine + ENGINE.operations + op] = operationInfo(op)
  }
}

type Limits = { readonly minimum: number; readonly maximum: number; readonly shared: boolean }

function commandsBytes(layout: Layout, timing: Timing, limits: Limits): Uint8Array {
  const module = new ModuleBuilder('env', limits)
  defineCommands(module, layout, timing, defineMemoryUnit(module))
  return module.finish()
}

function engineBytes(
  layout: Layout,
  config: ChipConfig,
  options: ChipOptions,
  timing: Timing,
  member: number,
  limits: Limits,
): Uint8Array {
  const module = new ModuleBuilder('env', limits)
  const log = module.import('log', COMMAND_SIGNATURES.log, 'int')
  const takeOver = module.import('takeOver', COMMAND_SIGNATURES.takeOver)
  const perform = module.import('perform', ['int', 'int', 'int', 'int', 'int', 'int'])
  const segment = module.import('segment', SEGMENT_PARAMETERS, 'int')
  const advanceRest = module.import('advanceRest', ['int', 'int', 'int'], 'int')
  const makeBucket = module.import('makeBucket', ['int'], 'int')
  const service = {
    answerElsewhere: module.import('answerElsewhere', ['int']),
    ensure: module.import('ensure', ['int', 'int']),
    hasRoom: module.import('hasRoom', [], 'int'),
    tidy: module.import('tidy', ['int']),
    arrive: module.import('arrive', []),
  }
  const path = {
    spill: module.import('spill', []),
    admitWaiting: module.import('admitWaiting', ['float']),
  }
  const functional = {
    serveNowElsewhere: module.import('serveNowElsewhere', ['int']),
    giveUpNow: module.import('giveUpNow', ['int']),
  }
  const commands = { log, takeOver }
  const hashes = defineHashes(module, layout)
  const places = definePlaces(module, layout, makeBucket)
  const services = defineServices(module, layout, config, commands, hashes)
  const withoutTime = config.timeModel === 'functional'
  const helpers = withoutTime
    ? defineDirectHelpers(module, layout, config, commands, hashes, places)
    : defineMapHelpers(module, layout, config, commands, hashes)
  let packets: ReturnType<typeof definePackets> | undefined
  const requests = defineRequests(module, layout, config, timing, perform, places, service, (wake) => {
    packets = definePackets(module, layout, config, timing, options, path, wake)
    return packets.done
  })
  const core = defineCore(module, layout, config, member, advanceRest, {
    segment,
    commands,
    services,
    helpers,
    ...(config.timeModel === 'quantum' ? { serveCore: requests.serveCore } : {}),
  })
  if (config.timeModel === 'exact') defineWindows(module, layout, core, requests.serve)
  if (withoutTime && packets) {
    defineFunctional(module, layout, ENDLESS_WORDS, core, requests, packets, functional)
  }
  return module.finish()
}
