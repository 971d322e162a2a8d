/** The commands for people, in the order of the way of the data. */
import type { ParseArgsConfig } from 'node:util'
import { asmCommand, convertCommand, disasmCommand } from './assembly'
import { gradeCommand } from './grade'
import type { CommandResult, Values } from './input'
import { jitCommand } from './jit'
import { runCommand } from './run'
import { toolCommand } from './tool'
import { verifyCommand } from './verify'

export interface Command {
  readonly name: string
  readonly usage: string
  readonly summary: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  run(positionals: readonly string[], values: Values): CommandResult | Promise<CommandResult>
}

export const COMMANDS: readonly Command[] = [
  asmCommand,
  disasmCommand,
  convertCommand,
  verifyCommand,
  jitCommand,
  runCommand,
  toolCommand,
  gradeCommand,
]
