export * from './program'
export * from './opcodes'
export * from './insn'
export * from './isa'
export { decode, decodeLoose, MAX_REGISTER } from './decode'
export {
  COMPILED_FORMS,
  type CompiledForm,
  type Field,
  FORMS_BY_OPCODE,
  type Slot,
  type TemplatePart,
} from './template'
export * from './helpers'
export * from './map-types'
export * from './context-fields'
export * from './constants'
export * from './print'
export * from './kernel-text'
export * from './data-type'
export { assemble, type AssembleOptions } from './assembler/assemble'
export { detectDialect, isClassicBpf } from './assembler/detect'
export { MESSAGES, type DiagnosticCode } from './assembler/messages'
export {
  disassemble,
  disassembleWithLines,
  type DisassembleOptions,
  type Disassembly,
  mapText,
  targetOf,
} from './disassemble'
export * from './type-text'
export * from './data-value'
export * from './data-format'
export { applyEdits } from './text-edit'
export * from './helper-docs'
export { type SourceToken, type SymbolDefinition, type SymbolKind, type TokenKind } from './editor/source-index'
export * from './editor/symbols'
export * from './editor/help'
export * from './editor/format'
export * from './btf/types'
export * from './btf/parse'
export * from './btf/build'
export * from './btf/print'
export * from './btf/ext'
export { addDataType, dataTypeOf } from './btf/data-types'
export { isElf } from './elf/file'
export type { ObjectFinding } from './elf/findings'
export * from './elf/import'
export { SECTION_OF_TYPE, sectionKind, type SectionKind, type SectionMatch } from './elf/section-names'
export * from './elf/export'
export * from './import/foreign-text'
