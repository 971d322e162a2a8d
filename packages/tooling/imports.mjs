// Checks the direction of imports: a package imports only what design says lies above it, engines import no
// DOM, React or Node, and nothing reaches into another package's folders. Exits 1 with one line a violation.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** What each part may import; libraries by name. Order is the way of the data. */
const allowed = {
  'packages/bpf': [],
  'packages/packet': [],
  'packages/verifier': ['@offload/bpf'],
  'packages/nfp': [],
  'packages/nfp-jit': ['@offload/bpf', '@offload/verifier', '@offload/nfp'],
  'packages/wasm': [],
  'packages/nfp-chip': ['@offload/packet', '@offload/nfp', '@offload/wasm'],
  'packages/host': [
    '@offload/bpf',
    '@offload/packet',
    '@offload/verifier',
    '@offload/nfp',
    '@offload/nfp-jit',
    '@offload/nfp-chip',
    '@offload/wasm',
  ],
  'packages/session': [
    '@offload/bpf',
    '@offload/packet',
    '@offload/verifier',
    '@offload/nfp',
    '@offload/nfp-jit',
    '@offload/nfp-chip',
    '@offload/host',
    'fflate',
  ],
  'packages/content': ['@offload/session'],
}
const dom =
  /\b(window\.\w+|document\.(?:createElement|querySelector|body)|navigator\.\w+|localStorage|performance\.now|Date\.now|Math\.random|setTimeout|requestAnimationFrame|console\.\w+|new Worker)/
const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g

function* sources(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name)
    if (entry.isDirectory()) {
      if (entry.name !== 'testdata' && entry.name !== 'node_modules' && entry.name !== 'dist') yield* sources(full)
    } else if (/\.tsx?$/.test(entry.name)) yield full
  }
}

const findings = []
for (const [part, list] of Object.entries(allowed)) {
  for (const file of sources(path.join(root, part, 'src'))) {
    const test = file.endsWith('.test.ts')
    const text = readFileSync(file, 'utf8')
    const name = path.relative(root, file)
    for (const match of text.matchAll(importPattern)) {
      const target = match[1] ?? match[2] ?? match[3]
      if (target.startsWith('.')) {
        const resolved = path.resolve(path.dirname(file), target)
        const inside = resolved.startsWith(path.join(root, part) + path.sep)
        const tooling = test && resolved.startsWith(path.join(root, 'packages/tooling'))
        if (!inside && !tooling) findings.push(`${name}: "${target}" leaves the package; import it by its name`)
      } else if (!list.includes(target) && !test) {
        findings.push(`${name}: imports "${target}"; ${part} may import ${list.join(', ') || 'nothing'}`)
      } else if (test && target.startsWith('@offload/') && !list.includes(target)) {
        findings.push(`${name}: test imports "${target}", against the direction of the data`)
      }
    }
    if (test) continue
    const code = text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\/\/.*$/gm, '')
      .replace(/'[^'\n]*'|`[^`]*`/g, "''")
    const hit = dom.exec(code)
    if (hit) findings.push(`${name}: "${hit[0]}": engines have no page, clock, console or chance of their own`)
  }
}
for (const file of [...sources(path.join(root, 'apps/playground/src')), ...sources(path.join(root, 'apps/cli/src'))]) {
  for (const match of readFileSync(file, 'utf8').matchAll(importPattern)) {
    const target = match[1] ?? match[2] ?? match[3]
    if (/^@offload\/[^/]+\//.test(target) || /packages\/(?!tooling)/.test(target))
      findings.push(`${path.relative(root, file)}: "${target}" reaches inside a package`)
  }
}
for (const line of findings) console.error(line)
if (findings.length > 0) process.exit(1)
console.log('imports go one way')
