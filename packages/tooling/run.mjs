// The commands of package.json: installs what is missing, then runs the tools' own entry points with node.
// Needs Node and npm only. Output of set-up goes to standard error, so that `offload` can be piped.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const [command = 'help', ...rest] = process.argv.slice(2)
const at = (...parts) => path.join(root, ...parts)
const quiet = command === 'offload'

/** Run a command; a failing one ends this process with its code. */
function run(program, args, options = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  if (done.error) {
    console.error(`${program}: ${done.error.message}`)
    process.exit(1)
  }
  if (done.status !== 0) process.exit(done.status ?? 1)
}

/** Run a package's JavaScript entry point with this node. */
const tool = (entry, ...args) => run(process.execPath, [at('node_modules', entry), ...args])

const step = (text) => console.error(`\n── ${text}`)

function ensureDependencies() {
  const marker = at('node_modules/.modules.yaml')
  const lock = at('pnpm-lock.yaml')
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return
  const { name, version } = JSON.parse(readFileSync(at('package.json'), 'utf8')).devEngines.packageManager
  step(`installing dependencies (${name} ${version})`)
  run('npx', ['--yes', `${name}@${version}`, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  // An install that finds nothing to do leaves the marker as old as it was.
  const now = new Date()
  utimesSync(marker, now, now)
}

/** Chromium for browser tests: one that is there, else Debian's, else Playwright's own. */
async function ensureChromium() {
  const known = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  if (known.some((file) => file && existsSync(file))) return
  const { chromium } = await import(at('node_modules/playwright/index.mjs'))
  if (existsSync(chromium.executablePath())) return
  step('installing Chromium')
  const debian = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (debian) {
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
  } else {
    const system = process.platform === 'linux' ? ['--with-deps'] : []
    tool('playwright/cli.js', 'install', ...system, 'chromium')
  }
}

/** Firefox for one smoke test: one that is there, else Debian's. Elsewhere the test says that it is absent. */
function ensureFirefox() {
  const known = [process.env.FIREFOX_PATH, '/usr/bin/firefox-esr', '/usr/bin/firefox']
  if (known.some((file) => file && existsSync(file))) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  step('installing Firefox')
  run('apt-get', ['update', '-qq'])
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'firefox-esr'])
}

const build = () => tool('vite/bin/vite.js', 'build', '--logLevel', 'warn')

/** Everything that needs no browser and runs no test: format, lint, import directions, unused code, types. */
function check() {
  step('format')
  tool('oxfmt/bin/oxfmt', '--check', '.')
  // Before the lint: its type-aware rules read the declarations that this writes.
  step('types')
  tool('typescript/bin/tsc', '-b')
  step('lint')
  tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings')
  step('import directions')
  run(process.execPath, [at('packages/tooling/imports.mjs')])
  step('unused code')
  tool('knip/bin/knip.js', '--config', 'packages/tooling/knip.json', '--no-progress')
}

async function test() {
  await ensureChromium()
  ensureFirefox()
  rmSync(at('reports'), { recursive: true, force: true })
  mkdirSync(at('reports'), { recursive: true })
  check()
  step('unit and browser-mode tests')
  tool(
    'vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${at('reports/vitest.json')}`,
  )
  step('build')
  build()
  step('end-to-end tests')
  tool('playwright/cli.js', 'test', '-c', 'e2e/playwright.config.ts')
  const reports = [at('reports/vitest.json'), at('reports/e2e.json')]
  step("the article's checklist")
  run(process.execPath, [at('packages/tooling/article.mjs'), ...reports])
  run(process.execPath, [at('packages/tooling/tally.mjs'), ...reports])
}

ensureDependencies()
switch (command) {
  case 'start':
    build()
    tool('vite/bin/vite.js', 'preview', ...rest)
    break
  case 'dev':
    tool('vite/bin/vite.js', ...rest)
    break
  case 'build':
    build()
    break
  case 'check':
    check()
    break
  case 'format':
    tool('oxfmt/bin/oxfmt', ...(rest.length > 0 ? rest : ['.']))
    break
  case 'test':
    await test()
    break
  case 'bench':
    await ensureChromium()
    run(process.execPath, [at('packages/tooling/bench.mjs'), ...rest])
    break
  case 'offload':
    tool('tsx/dist/cli.mjs', '--conditions=@offload/source', at('apps/cli/src/main.ts'), ...rest)
    break
  default:
    if (!quiet) console.error(`unknown command "${command}": start, dev, build, check, format, test, bench, offload`)
    process.exit(2)
}
