/** 100,000 random command lines (`LINES_ROUNDS`, `LINES_SEED`): an answer each, never a crash, on one machine that lives on. */
import { assemble } from '@offload/bpf'
import { completeCommand, objectOf, runCommand } from '../src/index'
import { hostOf, countAll, program } from '../src/testing/article-host'
import { randomLines, wrongAnswer } from '../src/testing/random-lines'

const rounds = Number(process.env['LINES_ROUNDS'] ?? 100_000)
const seed = Number(process.env['LINES_SEED'] ?? 1)
const host = hostOf()
const classifier = assemble('.prog tc cls\n  r0 = 0\n  exit\n')
if (!classifier.ok) throw new Error('classifier')
host.files.set('count.o', objectOf(program(countAll(2))))
host.files.set('cls.o', objectOf(classifier.program))
const next = randomLines(seed)
let failures = 0
let slowest = 0
const start = performance.now()
for (let round = 0; round < rounds; round++) {
  const line = next()
  const begun = performance.now()
  try {
    const wrong = wrongAnswer(line, runCommand(host, line))
    if (wrong !== undefined) {
      failures++
      console.log(`${wrong}: ${JSON.stringify(line)}`)
    }
    completeCommand(host, line)
  } catch (error) {
    failures++
    console.log(`crash: ${JSON.stringify(line)}: ${error instanceof Error ? error.stack : String(error)}`)
  }
  slowest = Math.max(slowest, performance.now() - begun)
}
console.log(
  `${rounds} lines (seed ${seed}), ${failures} failures, slowest ${slowest.toFixed(0)} ms, ${((performance.now() - start) / 1000).toFixed(0)} s`,
)
if (failures > 0) process.exitCode = 1
