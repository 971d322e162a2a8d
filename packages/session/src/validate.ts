/**
 * The one place where a value from outside (link, file, embedding page) becomes a document. Checks form and limits,
 * copies only known fields, and names the first field that is wrong. Never throws, executes nothing.
 */
import { FIRMWARE_PROFILES, PASSES } from '@offload/nfp-jit'
import type { FirmwareName } from '@offload/nfp-jit'
import type { TimeModel } from '@offload/nfp-chip'
import type { FlowKind, TrafficSpec } from '@offload/packet'
import type { KernelVersion } from '@offload/verifier'
import { DOCUMENT_VERSION } from './document'
import { Wrong, fields, hex, integer, list, number, oneOf, plain, text } from './foreign'
import type { CapabilityChanges, InitialEntry, LayoutName, SessionDocument, Traffic, ViewState } from './document'

export type DocumentResult =
  | { readonly ok: true; readonly document: SessionDocument }
  | { readonly ok: false; readonly error: string }

/** Largest values that a document may hold; what is beyond is refused with the limit named. */
export const DOCUMENT_LIMITS = {
  sourceCharacters: 1_000_000,
  titleCharacters: 200,
  captureCharacters: 8_000_000,
  entries: 10_000,
  kinds: 64,
  rate: 1_000_000_000,
  flows: 1_000_000,
  queues: 64,
} as const

const LAYOUTS: readonly LayoutName[] = ['start', 'verifier', 'jit', 'debug', 'traffic', 'talk', 'own']
const TIME_MODELS: readonly TimeModel[] = ['exact', 'quantum', 'functional']
const KERNELS: readonly KernelVersion[] = ['6.18', '6.12', '4.20']

function kind(value: unknown, path: string): FlowKind {
  const from = fields(plain(value, path, 4), path)
  number(from['weight'], `${path}.weight`, 0, 1e9)
  oneOf(from['l3'], `${path}.l3`, ['ipv4', 'ipv6', 'arp', 'ipip'])
  if (from['l4'] !== undefined) oneOf(from['l4'], `${path}.l4`, ['udp', 'tcp', 'icmp', 'none'])
  for (const port of ['srcPort', 'dstPort'])
    if (from[port] !== undefined) integer(from[port], `${path}.${port}`, 0, 65535)
  integer(from['flows'], `${path}.flows`, 1, DOCUMENT_LIMITS.flows)
  const size = from['size']
  if (Array.isArray(size)) {
    if (size.length === 0) throw new Wrong(`${path}.size is empty`)
    size.forEach((pair, index) => {
      const [bytes, weight] = list(pair, `${path}.size[${index}]`, 2)
      integer(bytes, `${path}.size[${index}][0]`, 14, 9216)
      number(weight, `${path}.size[${index}][1]`, 0, 1e9)
    })
  } else integer(size, `${path}.size`, 14, 9216)
  return from as unknown as FlowKind
}

export function traffic(value: unknown): Traffic {
  const from = fields(value, 'traffic')
  if (oneOf(from['kind'], 'traffic.kind', ['synthetic', 'pcap']) === 'pcap') {
    const base64 = text(from['base64'], 'traffic.base64', DOCUMENT_LIMITS.captureCharacters)
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw new Wrong('traffic.base64 is not base64')
    return {
      kind: 'pcap',
      name: text(from['name'], 'traffic.name', 200),
      base64,
      rate: number(from['rate'], 'traffic.rate', 0, DOCUMENT_LIMITS.rate),
      loop: from['loop'] === true,
    }
  }
  const spec = fields(from['spec'], 'traffic.spec')
  const result: Record<string, unknown> = {
    ...fields(plain({ ...spec, kinds: [] }, 'traffic.spec', 4), 'traffic.spec'),
  }
  result['seed'] = integer(spec['seed'], 'traffic.spec.seed', 0, 0xffffffff)
  result['rate'] = number(spec['rate'], 'traffic.spec.rate', 1, DOCUMENT_LIMITS.rate)
  const kinds = list(spec['kinds'], 'traffic.spec.kinds', DOCUMENT_LIMITS.kinds)
  if (kinds.length === 0) throw new Wrong('traffic.spec.kinds is empty')
  result['kinds'] = kinds.map((item, index) => kind(item, `traffic.spec.kinds[${index}]`))
  if (spec['ports'] !== undefined) {
    const ports = list(spec['ports'], 'traffic.spec.ports', 8)
    if (ports.length === 0) throw new Wrong('traffic.spec.ports is empty')
    result['ports'] = ports.map((port, index) => integer(port, `traffic.spec.ports[${index}]`, 0, 7))
  }
  return { kind: 'synthetic', spec: result as unknown as TrafficSpec }
}

export function entry(value: unknown, path: string): InitialEntry {
  const from = fields(value, path)
  return {
    map: text(from['map'], `${path}.map`, 64),
    key: hex(from['key'], `${path}.key`, 512),
    value: hex(from['value'], `${path}.value`, 65536),
  }
}

const SWITCHES = [
  'lookup',
  'update',
  'delete',
  'perfEventOutput',
  'adjustHead',
  'adjustTail',
  'random',
  'queueSelect',
  'hashMaps',
  'arrayMaps',
] as const
const NUMBERS = ['maxLen', 'stackSize', 'maxMaps', 'maxElems'] as const
const PASS_NAMES = PASSES.map((pass) => pass.name)

function capabilities(value: unknown): CapabilityChanges {
  const from = fields(value, 'capabilities')
  const result: Record<string, boolean | number> = {}
  for (const name of SWITCHES) {
    const item = from[name]
    if (item === undefined) continue
    if (typeof item !== 'boolean') throw new Wrong(`capabilities.${name} is not true or false`)
    result[name] = item
  }
  for (const name of NUMBERS)
    if (from[name] !== undefined) result[name] = integer(from[name], `capabilities.${name}`, 0, 0x7fffffff)
  return result
}

function view(value: unknown): ViewState {
  const from = fields(value, 'view')
  const selection = from['selection'] === undefined ? undefined : fields(from['selection'], 'view.selection')
  return {
    ...(from['layout'] === undefined ? {} : { layout: oneOf(from['layout'], 'view.layout', LAYOUTS) }),
    ...(from['theme'] === undefined
      ? {}
      : { theme: oneOf(from['theme'], 'view.theme', ['dark', 'light', 'contrast']) }),
    ...(from['panes'] === undefined
      ? {}
      : { panes: list(from['panes'], 'view.panes', 32).map((item, index) => text(item, `view.panes[${index}]`, 40)) }),
    ...(from['breakpoints'] === undefined
      ? {}
      : {
          breakpoints: list(from['breakpoints'], 'view.breakpoints', 1000).map((item, index) =>
            integer(item, `view.breakpoints[${index}]`, 0, 1_000_000),
          ),
        }),
    ...(selection === undefined
      ? {}
      : {
          selection: {
            space: oneOf(selection['space'], 'view.selection.space', ['source', 'insn', 'word']),
            start: integer(selection['start'], 'view.selection.start', 0, 1_000_000),
            end: integer(selection['end'], 'view.selection.end', 0, 1_000_000),
          },
        }),
  }
}

/** A document from any value, or one sentence that names the field and what it should be. */
export function validateDocument(value: unknown): DocumentResult {
  try {
    const from = fields(value, 'document')
    if (from['version'] !== DOCUMENT_VERSION)
      throw new Wrong(
        `document.version is ${JSON.stringify(from['version'])}; this page reads version ${DOCUMENT_VERSION}`,
      )
    const document: SessionDocument = {
      version: 1,
      title: text(from['title'], 'title', DOCUMENT_LIMITS.titleCharacters),
      source: text(from['source'], 'source', DOCUMENT_LIMITS.sourceCharacters),
      ...(from['hostSource'] === undefined
        ? {}
        : { hostSource: text(from['hostSource'], 'hostSource', DOCUMENT_LIMITS.sourceCharacters) }),
      ...(from['demo'] === undefined ? {} : { demo: text(from['demo'], 'demo', 40) }),
      device: text(from['device'], 'device', 40),
      firmware: oneOf(from['firmware'], 'firmware', Object.keys(FIRMWARE_PROFILES) as FirmwareName[]),
      kernel: oneOf(from['kernel'], 'kernel', KERNELS),
      ...(from['capabilities'] === undefined ? {} : { capabilities: capabilities(from['capabilities']) }),
      ...(from['passesOff'] === undefined
        ? {}
        : {
            passesOff: list(from['passesOff'], 'passesOff', 16).map((item, index) =>
              oneOf(item, `passesOff[${index}]`, PASS_NAMES),
            ),
          }),
      queues: integer(from['queues'], 'queues', 1, DOCUMENT_LIMITS.queues),
      seed: integer(from['seed'], 'seed', 0, 0xffffffff),
      timeModel: oneOf(from['timeModel'], 'timeModel', TIME_MODELS),
      traffic: traffic(from['traffic']),
      entries: list(from['entries'], 'entries', DOCUMENT_LIMITS.entries).map((item, index) =>
        entry(item, `entries[${index}]`),
      ),
      ...(from['indirection'] === undefined
        ? {}
        : {
            indirection: list(from['indirection'], 'indirection', 128).map((item, index) =>
              integer(item, `indirection[${index}]`, 0, DOCUMENT_LIMITS.queues - 1),
            ),
          }),
      ...(from['view'] === undefined ? {} : { view: view(from['view']) }),
      ...(from['stopAfter'] === undefined ? {} : { stopAfter: integer(from['stopAfter'], 'stopAfter', 1, 1e9) }),
    }
    return { ok: true, document }
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, error: error.message }
    throw error
  }
}
