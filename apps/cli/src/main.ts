/**
 * `offload`: the engines for a terminal, graders and CI. Text for people, `--json` for machines.
 * Exit code 0 fine, 1 refused or failed, 2 bad use.
 */
import { parseArgs } from 'node:util'
import { batch } from './batch'
import { COMMANDS } from './commands'
import { BadUse } from './commands/input'

const USAGE = `usage: offload COMMAND [FILE] [options]

commands
${COMMANDS.map((command) => `  ${command.usage.padEnd(60)} ${command.summary}`).join('\n')}
  ${'batch'.padEnd(60)} one JSON request a line in, one JSON answer a line out

FILE is BPF assembly in either dialect, an object of clang (--program NAME where it has several), a verifier log, a
listing, hex or a project of the page; "-" is standard input; "demo:NAME" is a demo that comes with the project.
--json prints one JSON value. Exit code: 0 fine, 1 refused or failed, 2 bad use.
`

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(USAGE)
    return name === undefined ? 2 : 0
  }
  if (name === 'batch') {
    await batch(process.stdin, process.stdout)
    return 0
  }
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command === undefined) throw new BadUse(`unknown command "${name}"`)
  const { values, positionals } = parseArgs({
    args: rest,
    allowPositionals: true,
    options: { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help === true) {
    process.stdout.write(`usage: offload ${command.usage}\n\n${command.summary}\n`)
    return 0
  }
  const result = await command.run(positionals, values)
  process.stdout.write(values.json === true ? JSON.stringify(result.json) + '\n' : result.text)
  return result.failed ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (
    error instanceof BadUse ||
    (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  ) {
    process.stderr.write(`offload: ${error.message}\nTry "offload help".\n`)
    process.exitCode = 2
  } else throw error
}
