/**
 * Sizes and shapes of data types. Values of types: data-value.ts.
 * Shapes are remembered per type object, since types nest and are asked often.
 */

import type { DataType } from './program'

/** Size in bytes. */
export function sizeOf(type: DataType): number {
  switch (type.kind) {
    case 'int':
    case 'struct':
      return type.size
    case 'array':
      return type.count * sizeOf(type.of)
  }
}

/** Alignment in C. */
export function alignOf(type: DataType): number {
  return shapeOf(type).align
}

/** Whether a type stays within what is read, shown and written: nesting and number of parts are bounded. */
export function isReasonable(type: DataType): boolean {
  const { depth, parts } = shapeOf(type)
  return depth <= MAX_DEPTH && parts <= MAX_PARTS
}

const MAX_DEPTH = 16
const MAX_PARTS = 65536

interface Shape {
  readonly align: number
  readonly depth: number
  /** Fields and elements in all, those of byte arrays counted as one. */
  readonly parts: number
}

const shapes = new WeakMap<DataType, Shape>()

function shapeOf(type: DataType): Shape {
  if (type.kind === 'int') return { align: type.size, depth: 0, parts: 1 }
  let shape = shapes.get(type)
  if (shape === undefined) {
    shape = type.kind === 'array' ? arrayShape(type) : structShape(type)
    shapes.set(type, shape)
  }
  return shape
}

function arrayShape(type: Extract<DataType, { kind: 'array' }>): Shape {
  const element = shapeOf(type.of)
  const parts = type.of.kind === 'int' ? 1 : type.count * element.parts
  return { align: element.align, depth: element.depth + 1, parts }
}

function structShape(type: Extract<DataType, { kind: 'struct' }>): Shape {
  let align = 1
  let depth = 0
  let parts = 1
  for (const field of type.fields) {
    const shape = shapeOf(field.type)
    align = Math.max(align, shape.align)
    depth = Math.max(depth, shape.depth)
    parts += shape.parts
  }
  return { align, depth: depth + 1, parts }
}
