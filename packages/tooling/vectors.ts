/**
 * Finds the shared test vectors, which lie beside a checkout and not in it. Tests use them when they are
 * there and say so when they are not. Node only; tests and scripts alone import this.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** Folder of the shared vectors, or undefined (then a line on the console says so). `OFFLOAD_VECTORS` overrides the place. */
export function vectorsDir(...parts: string[]): string | undefined {
  const base = process.env['OFFLOAD_VECTORS'] ?? path.resolve(root, '../shared/vectors')
  const dir = path.join(base, ...parts)
  if (existsSync(dir)) return dir
  console.log(
    `vectors absent: ${parts.join('/') || 'all'} (comparisons with recorded kernel and driver answers are left out)`,
  )
  return undefined
}

/** All values of a JSONL file (plain or gzip), or of every such file of a folder. */
export function readJsonl<T = unknown>(file: string): T[] {
  const bytes = readFileSync(file)
  const text = file.endsWith('.gz') ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8')
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T)
}

/** JSONL files (also gzip) of a folder, sorted, as full paths. */
export function jsonlFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .sort()
    .map((name) => path.join(dir, name))
}
