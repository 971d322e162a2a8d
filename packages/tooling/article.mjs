// The article's checklist as a table: row, what it names, the tests that are named after it, and whether they passed. Reads
// the JSON reports of Vitest and Playwright; fails when a row has no test and no reason, or a test that did not pass.
import { readFileSync } from 'node:fs'

/** Rows by letter and number, with the feature in a few words. */
const ROWS = {
  A: [
    'boards',
    'extended BPF',
    'C to bytecode',
    'bpf() calls',
    'ip and tc as loaders',
    'interface index',
    'verification',
    'JIT, always for offload',
    'program in kernel memory',
    'hooks',
    'load and attach in one',
    'callback: maps',
    'callback: prepare',
    'callback: instructions',
    'callback: translate',
    'callback: attach',
    'callback: delete',
    'architecture diagram',
    'program shared by ports',
    'maps shared by ports',
    'hardware and driver at once',
    'no host CPU',
    'host may do more',
    'transparent',
  ],
  B: [
    'maps on the card',
    'in external memory',
    'cache',
    'host reads',
    'host writes',
    'program reads',
    'program writes',
    'locks',
    'atomic adds',
    'arrays',
    'hashes',
    'others refused',
  ],
  C: [
    'white list',
    'lookup',
    'update',
    'delete',
    'random',
    'events',
    'adjust head',
    'adjust tail',
    'readers',
    'perf maps stay',
    'stream of data',
    'xdpdump',
    'tracing helpers refused',
  ],
  D: ['function calls', 'kinds of calls', 'several functions', 'no loops, smaller programs', 'tail calls'],
  E: [
    'logic shifts',
    'arithmetic shifts',
    'multiplication',
    'sequences replaced',
    'fewer instructions',
    'faster',
    'stack',
    'program length',
  ],
  F: ['queue field', 'queue chosen', 'normal RSS', 'demonstration'],
  G: [
    'bpftool',
    'BTF dump',
    'hex dump',
    'offloaded objects',
    'NFP disassembler',
    'version',
    'getting started',
    'demonstrations',
    'ip and tc',
  ],
  H: [
    'BTF for offloads',
    'AF_XDP',
    'more bpftool',
    'documentation',
    'leak report',
    '32-bit operations',
    'loops, flow graph',
    'tail calls',
    'TC programs',
  ],
}

/** Rows without a test of their own. */
const REASONS = {
  H8: 'no driver ever translated tail calls, so there are no right words to show; host and refusal: D5',
}

/** Title and success of every test of a report, Vitest's or Playwright's. */
function* testsOf(report) {
  for (const file of report.testResults ?? [])
    for (const test of file.assertionResults) yield { title: test.title, passed: test.status === 'passed' }
  const suites = [...(report.suites ?? [])]
  for (let suite = suites.pop(); suite; suite = suites.pop()) {
    suites.push(...(suite.suites ?? []))
    for (const spec of suite.specs ?? []) yield { title: spec.title, passed: spec.ok }
  }
}

const tests = new Map()
for (const file of process.argv.slice(2))
  for (const test of testsOf(JSON.parse(readFileSync(file, 'utf8')))) {
    const names = /^(?:[A-H]\d+ )+/.exec(test.title)?.[0].trim().split(' ') ?? []
    for (const name of names) tests.set(name, [...(tests.get(name) ?? []), test])
  }

let rows = 0
let passed = 0
let reasons = 0
for (const [letter, features] of Object.entries(ROWS))
  for (const [index, feature] of features.entries()) {
    const row = `${letter}${index + 1}`
    rows++
    const found = tests.get(row) ?? []
    const good = found.length > 0 && found.every((test) => test.passed)
    if (good) passed++
    else if (found.length === 0 && REASONS[row]) reasons++
    const verdict = good ? 'pass' : found.length > 0 ? 'FAIL' : REASONS[row] ? '—' : 'NO TEST'
    const text = found.length > 0 ? found[0].title.replace(/^(?:[A-H]\d+ )+/, '') : (REASONS[row] ?? '')
    const more = found.length > 1 ? ` (and ${found.length - 1} more)` : ''
    console.log(`${row.padEnd(4)}${feature.padEnd(28)}${verdict.padEnd(9)}${text}${more}`)
  }
console.log(`${passed} of ${rows} rows of the article's checklist pass, ${reasons} with a reason instead`)
if (passed + reasons < rows) process.exit(1)
