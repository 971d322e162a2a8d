/** The one place where a foreign value becomes a lesson. Checks form and limits, copies only known fields, throws nothing. */
import type { TrafficSpec } from '@offload/packet'
import { defaultDocument } from '../default'
import { Wrong, fields, integer, list, number, oneOf, plain, text } from '../foreign'
import { entry, traffic, validateDocument } from '../validate'
import { LESSON_LIMITS } from './lesson'
import type { Check, Lesson, LessonStep, Measure, Mistake, PacketFilter, Submission } from './lesson'

export type LessonValidation =
  | { readonly ok: true; readonly lesson: Lesson }
  | { readonly ok: false; readonly error: string }

const KINDS = [
  'accepted',
  'outcome',
  'counter',
  'map',
  'size',
  'cost',
  'same',
  'queues',
  'subprograms',
  'answer',
] as const
const COUNTERS = ['passed', 'dropped', 'transmitted', 'aborted', 'lost', 'eventsLost', 'events'] as const
const MEASURES = ['insns', 'words', 'removed', 'refused-line', 'words-of-line'] as const
const FAMILIES = ['ipv4', 'ipv6', 'arp', 'other'] as const
const MAX_COUNT = 1e15

type Key = string

/** `{name: read(value)}` where the field is there, nothing where it is not. */
function optional<K extends Key, T>(
  from: Readonly<Record<string, unknown>>,
  name: K,
  path: string,
  read: (value: unknown, path: string) => T,
): Partial<Record<K, T>> {
  return from[name] === undefined ? {} : ({ [name]: read(from[name], `${path}.${name}`) } as Record<K, T>)
}

const words = (value: unknown, path: string): string => text(value, path, LESSON_LIMITS.textCharacters)
const source = (value: unknown, path: string): string => text(value, path, LESSON_LIMITS.sourceCharacters)
const count = (value: unknown, path: string): number => number(value, path, 0, MAX_COUNT)

function flag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new Wrong(`${path} is not true or false`)
  return value
}

function filter(value: unknown, path: string, depth = 4): PacketFilter {
  const from = fields(value, path)
  if (depth === 0) throw new Wrong(`${path} is nested too deeply`)
  return {
    ...optional(from, 'l3', path, (item, at) => oneOf(item, at, FAMILIES)),
    ...optional(from, 'protocol', path, (item, at) => integer(item, at, 0, 255)),
    ...optional(from, 'srcPort', path, (item, at) => integer(item, at, 0, 65535)),
    ...optional(from, 'dstPort', path, (item, at) => integer(item, at, 0, 65535)),
    ...optional(from, 'src', path, (item, at) => text(item, at, 40)),
    ...optional(from, 'shorterThan', path, (item, at) => integer(item, at, 0, 65536)),
    ...optional(from, 'longerThan', path, (item, at) => integer(item, at, 0, 65536)),
    ...optional(from, 'not', path, (item, at) => filter(item, at, depth - 1)),
  }
}

function spec(value: unknown, path: string): TrafficSpec {
  const read = traffic({ kind: 'synthetic', spec: fields(value, path) })
  if (read.kind !== 'synthetic') throw new Wrong(`${path} is not synthetic traffic`)
  return read.spec
}

function played(from: Readonly<Record<string, unknown>>, path: string) {
  return {
    packets: integer(from['packets'], `${path}.packets`, 1, LESSON_LIMITS.packets),
    ...optional(from, 'traffic', path, spec),
    ...optional(from, 'write', path, (item, at) => {
      const write = fields(item, at)
      return {
        after: integer(write['after'], `${at}.after`, 0, LESSON_LIMITS.packets),
        entry: entry(write['entry'], `${at}.entry`),
      }
    }),
  }
}

function measure(value: unknown, path: string): Measure {
  const from = fields(value, path)
  return {
    measure: oneOf(from['measure'], `${path}.measure`, MEASURES),
    ...optional(from, 'line', path, (item, at) => text(item, at, 200)),
    ...optional(from, 'submitted', path, flag),
  }
}

function wanted(value: unknown, path: string): number | { packets: PacketFilter } | { bytes: PacketFilter } {
  if (typeof value === 'number') return count(value, path)
  const from = fields(value, path)
  if (from['packets'] !== undefined) return { packets: filter(from['packets'], `${path}.packets`) }
  return { bytes: filter(from['bytes'], `${path}.bytes`) }
}

function check(value: unknown, path: string): Check {
  const from = fields(value, path)
  const kind = oneOf(from['kind'], `${path}.kind`, KINDS)
  const tell = words(from['tell'], `${path}.tell`)
  switch (kind) {
    case 'accepted':
      return { kind, tell, by: oneOf(from['by'], `${path}.by`, ['assembler', 'kernel', 'device']) }
    case 'outcome':
      return {
        kind,
        tell,
        ...played(from, path),
        ...optional(from, 'where', path, filter),
        is: oneOf(from['is'], `${path}.is`, ['pass', 'drop', 'tx', 'aborted']),
        ...optional(from, 'grace', path, (item, at) => integer(item, at, 0, LESSON_LIMITS.packets)),
      }
    case 'counter':
      return {
        kind,
        tell,
        ...played(from, path),
        counter: oneOf(from['counter'], `${path}.counter`, COUNTERS),
        ...optional(from, 'min', path, count),
        ...optional(from, 'max', path, count),
      }
    case 'map': {
      const { map, key } = entry({ map: from['map'], key: from['key'], value: '' }, path)
      const size = from['size'] === undefined ? undefined : integer(from['size'], `${path}.size`, 4, 8)
      return {
        kind,
        tell,
        ...played(from, path),
        map,
        key,
        ...optional(from, 'offset', path, (item, at) => integer(item, at, 0, 4096)),
        ...(size === undefined ? {} : { size: size === 4 ? 4 : 8 }),
        equals: wanted(from['equals'], `${path}.equals`),
      }
    }
    case 'size':
      return {
        kind,
        tell,
        of: oneOf(from['of'], `${path}.of`, ['insns', 'words']),
        max: count(from['max'], `${path}.max`),
      }
    case 'cost':
      return { kind, tell, ...played(from, path), max: count(from['max'], `${path}.max`) }
    case 'same':
      return {
        kind,
        tell,
        ...played(from, path),
        ...optional(from, 'as', path, source),
        ...optional(from, 'queues', path, flag),
      }
    case 'queues':
      return {
        kind,
        tell,
        ...played(from, path),
        ...optional(from, 'imbalance', path, count),
        ...optional(from, 'symmetric', path, flag),
      }
    case 'subprograms':
      return { kind, tell, min: integer(from['min'], `${path}.min`, 0, 1000) }
    case 'answer': {
      const equals = from['equals']
      return {
        kind,
        tell,
        question: text(from['question'], `${path}.question`, 40),
        equals:
          typeof equals === 'string'
            ? text(equals, `${path}.equals`, 200)
            : typeof equals === 'number'
              ? count(equals, `${path}.equals`)
              : measure(equals, `${path}.equals`),
      }
    }
  }
}

function step(value: unknown, path: string): LessonStep {
  const from = fields(value, path)
  const hints = list(from['hints'], `${path}.hints`, 3).map((item, index) => words(item, `${path}.hints[${index}]`))
  if (hints.length !== 3)
    throw new Wrong(`${path}.hints has ${hints.length} items; a step has three, from weak to strong`)
  return {
    title: text(from['title'], `${path}.title`, 200),
    text: words(from['text'], `${path}.text`),
    hints: [hints[0]!, hints[1]!, hints[2]!],
    ...optional(from, 'question', path, (item, at) => {
      const question = fields(item, at)
      return {
        id: text(question['id'], `${at}.id`, 40),
        text: words(question['text'], `${at}.text`),
        ...optional(question, 'choices', at, (choices, inside) =>
          list(choices, inside, 20).map((choice, index) => text(choice, `${inside}[${index}]`, 200)),
        ),
      }
    }),
    checks: list(from['checks'], `${path}.checks`, LESSON_LIMITS.checks).map((item, index) =>
      check(item, `${path}.checks[${index}]`),
    ),
  }
}

function submission(value: unknown, path: string): Submission {
  const from = fields(value, path)
  return {
    source: source(from['source'], `${path}.source`),
    ...optional(from, 'answers', path, (item, at) =>
      Object.fromEntries(
        Object.entries(fields(plain(item, at, 1), at)).map(([id, answer]) => [id, text(answer, `${at}.${id}`, 200)]),
      ),
    ),
  }
}

function mistake(value: unknown, path: string): Mistake {
  const from = fields(value, path)
  return {
    ...submission(value, path),
    step: integer(from['step'], `${path}.step`, 0, LESSON_LIMITS.steps),
    tell: words(from['tell'], `${path}.tell`),
  }
}

function session(value: unknown): Lesson['session'] {
  const from = fields(value, 'session')
  const base = defaultDocument()
  const result = validateDocument({ ...base, ...from, version: 1, title: base.title, source: base.source })
  if (!result.ok) throw new Wrong(`session: ${result.error}`)
  const { version: _v, title: _t, source: _s, demo: _d, view: _w, ...rest } = result.document
  return rest
}

export function validateLesson(value: unknown): LessonValidation {
  try {
    const from = fields(value, 'lesson')
    if (from['version'] !== 1)
      throw new Wrong(`lesson.version is ${JSON.stringify(from['version'])}; version 1 is read`)
    const steps = list(from['steps'], 'steps', LESSON_LIMITS.steps).map((item, index) => step(item, `steps[${index}]`))
    if (steps.length === 0) throw new Wrong('steps is empty')
    const asked = steps.flatMap(({ question }) => (question === undefined ? [] : [question.id]))
    for (const one of steps.flatMap(({ checks }) => checks))
      if (one.kind === 'answer' && !asked.includes(one.question))
        throw new Wrong(`a check wants the answer to "${one.question}", which no step asks`)
    return {
      ok: true,
      lesson: {
        version: 1,
        id: text(from['id'], 'id', 40),
        title: text(from['title'], 'title', 200),
        goal: words(from['goal'], 'goal'),
        minutes: integer(from['minutes'], 'minutes', 1, 600),
        ...optional(from, 'demo', 'lesson', (item, at) => text(item, at, 40)),
        session: session(from['session'] ?? {}),
        start: source(from['start'], 'start'),
        steps,
        solution: submission(from['solution'], 'solution'),
        mistakes: list(from['mistakes'] ?? [], 'mistakes', LESSON_LIMITS.mistakes).map((item, index) =>
          mistake(item, `mistakes[${index}]`),
        ),
      },
    }
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, error: error.message }
    throw error
  }
}
