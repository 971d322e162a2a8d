/** BTF as text: the raw listing in bpftool's form (tool-formats.md, section 4), and C declarations. */

import { type Btf, type BtfType, skipModifiers } from './types'

const UPPER: Readonly<Record<string, string>> = {
  ptr: 'PTR',
  typedef: 'TYPEDEF',
  volatile: 'VOLATILE',
  const: 'CONST',
  restrict: 'RESTRICT',
  type_tag: 'TYPE_TAG',
}
const ENCODING = { none: '(none)', signed: 'SIGNED', char: 'CHAR', bool: 'BOOL' } as const

/** The lines of `btf dump`: one a type, members on lines of their own after a tab. */
export function btfRawLines(btf: Btf): string[] {
  return btf.types.flatMap((type, id) => (id === 0 ? [] : rawLines(btf, type, id)))
}

function quoted(name: string): string {
  return `'${name === '' ? '(anon)' : name}'`
}

function rawLines(btf: Btf, type: BtfType, id: number): string[] {
  const head = `[${id}]`
  switch (type.kind) {
    case 'void':
      return []
    case 'int':
      return [
        `${head} INT ${quoted(type.name)} size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits} encoding=${ENCODING[type.encoding]}`,
      ]
    case 'ptr':
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
      return [`${head} ${UPPER[type.kind]} ${quoted(type.name)} type_id=${type.type}`]
    case 'array':
      return [`${head} ARRAY '(anon)' type_id=${type.type} index_type_id=${type.indexType} nr_elems=${type.count}`]
    case 'struct':
    case 'union':
      return [
        `${head} ${type.kind.toUpperCase()} ${quoted(type.name)} size=${type.size} vlen=${type.members.length}`,
        ...type.members.map(
          (member) =>
            `\t${quoted(member.name)} type_id=${member.type} bits_offset=${member.bitOffset}${member.bitSize > 0 ? ` bitfield_size=${member.bitSize}` : ''}`,
        ),
      ]
    case 'enum':
      return [
        `${head} ${type.size === 8 ? 'ENUM64' : 'ENUM'} ${quoted(type.name)} encoding=${type.signed ? 'SIGNED' : 'UNSIGNED'} size=${type.size} vlen=${type.values.length}`,
        ...type.values.map(({ name, value }) => `\t${quoted(name)} val=${value}`),
      ]
    case 'fwd':
      return [`${head} FWD ${quoted(type.name)} fwd_kind=${type.isUnion ? 'union' : 'struct'}`]
    case 'func':
      return [`${head} FUNC ${quoted(type.name)} type_id=${type.type} linkage=${type.linkage}`]
    case 'func_proto':
      return [
        `${head} FUNC_PROTO '(anon)' ret_type_id=${type.returns} vlen=${type.parameters.length}`,
        ...type.parameters.map(({ name, type: of }) => `\t${quoted(name)} type_id=${of}`),
      ]
    case 'var':
      return [`${head} VAR ${quoted(type.name)} type_id=${type.type}, linkage=${type.linkage}`]
    case 'datasec':
      return [
        `${head} DATASEC ${quoted(type.name)} size=${type.size} vlen=${type.variables.length}`,
        ...type.variables.map(
          ({ type: of, offset, size }) => `\ttype_id=${of} offset=${offset} size=${size}${variableName(btf.types[of])}`,
        ),
      ]
    case 'float':
      return [`${head} FLOAT ${quoted(type.name)} size=${type.size}`]
    case 'decl_tag':
      return [`${head} DECL_TAG ${quoted(type.name)} type_id=${type.type} component_idx=${type.component}`]
  }
}

function variableName(type: BtfType | undefined): string {
  return type?.kind === 'var' ? ` (VAR '${type.name}')` : type?.kind === 'func' ? ` (FUNC '${type.name}')` : ''
}

const MAX_DEPTH = 24
/** Types written for one declaration: damaged BTF can hold an anonymous struct that contains itself twice. */
const MAX_PARTS = 20_000

interface Budget {
  left: number
}

/** A declaration of `name` with a BTF type, as C writes it: `__u32 (*name)[4]`. */
export function btfDeclaration(btf: Btf, id: number, name = ''): string {
  return declare(btf, id, name, 0, { left: MAX_PARTS })
}

function declare(btf: Btf, id: number, name: string, depth: number, budget: Budget): string {
  const type = btf.types[id]
  const put = (base: string) => (name === '' ? base : `${base} ${name}`)
  if (type === undefined || depth > MAX_DEPTH || --budget.left < 0) return put('void')
  switch (type.kind) {
    case 'void':
      return put('void')
    case 'int':
    case 'float':
    case 'typedef':
      return put(type.name)
    case 'struct':
    case 'union':
      return put(type.name === '' ? compositeBody(btf, type, depth, budget) : `${type.kind} ${type.name}`)
    case 'enum':
      return put(type.name === '' ? enumBody(type) : `enum ${type.name}`)
    case 'fwd':
      return put(`${type.isUnion ? 'union' : 'struct'} ${type.name}`)
    case 'const':
    case 'volatile':
    case 'restrict': {
      const inner = btf.types[type.type]
      return inner?.kind === 'ptr'
        ? declare(btf, type.type, `${type.kind}${name === '' ? '' : ` ${name}`}`, depth + 1, budget)
        : `${type.kind} ${declare(btf, type.type, name, depth + 1, budget)}`
    }
    case 'type_tag':
      return declare(btf, type.type, name, depth + 1, budget)
    case 'ptr': {
      const inner = skipModifiers(btf, type.type).type.kind
      const isDirect = btf.types[type.type]?.kind === inner
      const needsBrackets = isDirect && (inner === 'array' || inner === 'func_proto')
      return declare(btf, type.type, needsBrackets ? `(*${name})` : `*${name}`, depth + 1, budget)
    }
    case 'array':
      return declare(btf, type.type, `${name}[${type.count}]`, depth + 1, budget)
    case 'func_proto': {
      const parameters = type.parameters.map((parameter) =>
        parameter.type === 0 && parameter.name === ''
          ? '...'
          : declare(btf, parameter.type, parameter.name, depth + 1, budget),
      )
      return declare(
        btf,
        type.returns,
        `${name}(${parameters.length === 0 ? 'void' : parameters.join(', ')})`,
        depth + 1,
        budget,
      )
    }
    case 'func':
    case 'var':
      return declare(btf, type.type, type.name, depth + 1, budget)
    case 'datasec':
    case 'decl_tag':
      return put(type.name)
  }
}

function compositeBody(
  btf: Btf,
  type: Extract<BtfType, { kind: 'struct' | 'union' }>,
  depth: number,
  budget: Budget,
): string {
  const members = type.members.map(
    (member) =>
      `${indent(declare(btf, member.type, member.name, depth + 1, budget))}${member.bitSize > 0 ? `: ${member.bitSize}` : ''};`,
  )
  return `${type.kind}${type.name === '' ? '' : ` ${type.name}`} {${members.map((line) => `\n\t${line}`).join('')}\n}`
}

function indent(text: string): string {
  return text.replace(/\n/g, '\n\t')
}

function enumBody(type: Extract<BtfType, { kind: 'enum' }>): string {
  return `enum${type.name === '' ? '' : ` ${type.name}`} {${type.values.map(({ name, value }) => `\n\t${name} = ${value},`).join('')}\n}`
}

/** Declarations of all named types, each after what it needs. */
export function btfAsC(btf: Btf): string {
  const out: string[] = []
  const done = new Set<number>()
  const budget = { left: MAX_PARTS * 10 }
  const visit = (id: number, depth: number): void => {
    const type = btf.types[id]
    if (type === undefined || done.has(id) || depth > MAX_DEPTH) return
    done.add(id)
    switch (type.kind) {
      case 'struct':
      case 'union':
        for (const member of type.members) visit(member.type, depth + 1)
        if (type.name !== '') out.push(`${compositeBody(btf, type, 0, budget)};`)
        break
      case 'enum':
        if (type.name !== '') out.push(`${enumBody(type)};`)
        break
      case 'typedef':
        visit(type.type, depth + 1)
        out.push(`typedef ${btfDeclaration(btf, type.type, type.name)};`)
        break
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'array':
        visit(type.type, depth + 1)
        break
      case 'fwd':
        out.push(`${btfDeclaration(btf, id)};`)
        break
      default:
        break
    }
  }
  btf.types.forEach((_, id) => visit(id, 0))
  return out.map((text) => `${text}\n\n`).join('')
}
