/**
 * One configuration for the page (dev, build, preview) and for Vitest's two projects: unit tests of the
 * packages in Node, tests of the page's parts in Chromium. Packages are read from source through the
 * export condition `@offload/source`.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const source = '@offload/source'
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const chromium = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path))

export default defineConfig({
  root: at('apps/playground'),
  publicDir: at('public'),
  cacheDir: at('node_modules/.vite'),
  base: './',
  plugins: [react()],
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  worker: { format: 'es' },
  server: { headers: isolation },
  preview: { headers: isolation },
  build: { outDir: at('dist'), emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 4000 },
  test: {
    projects: [
      {
        extends: true,
        root: at('.'),
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'apps/cli/src/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        root: at('apps/playground'),
        test: {
          name: 'browser',
          include: ['test/**/*.browser.test.{ts,tsx}'],
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: 'chromium' }],
            provider: playwright({
              launchOptions: {
                ...(chromium === undefined ? {} : { executablePath: chromium }),
                args: [
                  '--disable-background-networking',
                  '--disable-component-update',
                  '--disable-sync',
                  '--no-first-run',
                  '--disable-quic',
                  '--disable-gpu',
                ],
              },
            }),
          },
        },
      },
    ],
  },
})
