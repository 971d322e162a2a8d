// Runs every `bench/*.bench.ts` of the packages and apps, one after the other, and prints their figures.
// `npm run bench -- jit` runs those whose path contains "jit".
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const only = process.argv[2] ?? ''
let code = 0
for (const group of ['packages', 'apps']) {
  for (const part of readdirSync(path.join(root, group)).sort()) {
    const dir = path.join(root, group, part, 'bench')
    if (!existsSync(dir)) continue
    for (const file of readdirSync(dir)
      .filter((name) => name.endsWith('.bench.ts'))
      .sort()) {
      const name = `${group}/${part}/bench/${file}`
      if (!name.includes(only)) continue
      console.log(`\n── ${name}`)
      const done = spawnSync(
        process.execPath,
        [path.join(root, 'node_modules/tsx/dist/cli.mjs'), '--conditions=@offload/source', path.join(dir, file)],
        { cwd: root, stdio: 'inherit' },
      )
      if (done.status !== 0) code = 1
    }
  }
}
process.exit(code)
