/**
 * A stand-in for the card in tests of the host alone: maps are tables, a packet's fate comes from a function. It executes
 * no words; tests that need execution use the real chip.
 */
import type {
  CardMapSpec,
  Chip,
  ChipConfig,
  ChipCounters,
  MapReplyCode,
  Outcome,
  PacketRecord,
  PerfEvent,
} from '@offload/nfp-chip'
import type { TimedFrame } from '@offload/packet'

export interface Fate {
  readonly outcome: Outcome
  readonly queue?: number
}

interface Table {
  readonly spec: CardMapSpec
  readonly entries: Map<string, Uint8Array>
}

const text = (key: Uint8Array): string => key.join(',')

export class TableChip implements Chip {
  readonly config: ChipConfig
  now = 0
  readonly loaded = new Map<number, { readonly words: Uint32Array; readonly start: number }>()
  readonly tables = new Map<number, Table>()
  readonly indirection = new Map<number, Uint8Array>()
  fate: (frame: TimedFrame) => Fate = () => ({ outcome: 'pass', queue: 0 })
  events: PerfEvent[] = []
  private queue: TimedFrame[] = []
  private done: PacketRecord[] = []
  private count = 0

  constructor(ports = 2, queues = 4) {
    this.config = {
      device: { name: 'test', clockMHz: 800, ports, portGbps: 25, islands: 1, workersPerIsland: 1, contexts: 4 },
      firmware: {
        name: 'test',
        helpers: { lookup: 1, update: 1, delete: 1, perfEventOutput: 1 },
        tgtDone: 1,
        arraysPreset: true,
        baseCycles: 0,
        rssCycles: 0,
        passCycles: 0,
        txCycles: 0,
        alwaysDrop: false,
      },
      seed: 1,
      timeModel: 'functional',
      queues,
    }
  }

  loadProgram(port: number, program: { readonly words: Uint32Array; readonly start: number } | undefined): void {
    if (program) this.loaded.set(port, program)
    else this.loaded.delete(port)
  }

  mapAlloc(spec: CardMapSpec): { code: MapReplyCode; id: number } {
    let id = 1
    while (this.tables.has(id)) id++
    const entries = new Map<string, Uint8Array>()
    if (spec.type === 'array') {
      for (let i = 0; i < spec.maxEntries; i++)
        entries.set(text(Uint8Array.of(i & 255, i >> 8, i >> 16, 0)), new Uint8Array(spec.valueSize))
    }
    this.tables.set(id, { spec, entries })
    return { code: 0, id }
  }

  mapFree(id: number): MapReplyCode {
    return this.tables.delete(id) ? 0 : 1
  }

  mapLookup(id: number, key: Uint8Array): { code: MapReplyCode; value?: Uint8Array } {
    const value = this.tables.get(id)?.entries.get(text(key))
    return value ? { code: 0, value: value.slice() } : { code: this.tables.has(id) ? 2 : 1 }
  }

  mapUpdate(id: number, key: Uint8Array, value: Uint8Array, flags: number): MapReplyCode {
    const table = this.tables.get(id)
    if (!table) return 1
    const there = table.entries.has(text(key))
    if (flags === 1 && there) return 5
    if (flags === 2 && !there) return 2
    if (!there && table.entries.size >= table.spec.maxEntries) return 7
    table.entries.set(text(key), value.slice())
    return 0
  }

  mapDelete(id: number, key: Uint8Array): MapReplyCode {
    const table = this.tables.get(id)
    return table ? (table.entries.delete(text(key)) ? 0 : 2) : 1
  }

  mapNextKey(id: number, key: Uint8Array | undefined): { code: MapReplyCode; key?: Uint8Array } {
    const keys = [...(this.tables.get(id)?.entries.keys() ?? [])]
    const next = keys[key === undefined ? 0 : keys.indexOf(text(key)) + 1]
    return next === undefined ? { code: 2 } : { code: 0, key: Uint8Array.from(next.split(','), Number) }
  }

  offer(frames: readonly TimedFrame[]): void {
    this.queue.push(...frames)
  }

  get pending(): number {
    return this.queue.length
  }

  run(until: number): void {
    this.now = Math.max(this.now, until)
    for (const frame of this.queue.splice(0)) {
      const { outcome, queue } = this.fate(frame)
      this.done.push({
        number: this.count++,
        port: frame.port,
        arrived: this.now,
        started: this.now,
        departed: this.now,
        core: 0,
        context: 0,
        outcome,
        queue: outcome === 'pass' ? (queue ?? 0) : -1,
        exitCode: 0,
        returnValue: 0,
        words: 0,
        data: frame.data,
      })
    }
  }

  stepWord(): undefined {
    return undefined
  }

  takePackets(): PacketRecord[] {
    return this.done.splice(0)
  }

  takeEvents(): PerfEvent[] {
    return this.events.splice(0)
  }

  counters(): ChipCounters {
    return {
      cycles: this.now,
      received: this.count,
      passed: 0,
      dropped: 0,
      transmitted: 0,
      aborted: 0,
      lost: 0,
      words: 0,
      receivedBytes: 0,
      queues: [],
      busy: [],
      wordCounts: new Uint32Array(0),
      eventsSent: 0,
      eventsLost: 0,
    }
  }

  context(core: number, context: number): ReturnType<Chip['context']> {
    return { core, context, state: 'idle', waitingFor: '', pc: 0, packet: -1, gprA: [], gprB: [] }
  }

  setIndirection(port: number, table: Uint8Array): void {
    this.indirection.set(port, table)
  }

  stateHash(): string {
    return '0'.repeat(16)
  }

  snapshot(): Uint8Array {
    return new Uint8Array(0)
  }

  restore(): void {}
}
