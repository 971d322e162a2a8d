/**
 * Typed map dumps of enums, booleans, bit fields, pointers and characters against what Debian's bpftool printed for the same
 * object on a running kernel (`testdata/bpftool/typed.txt`, a command a `$` line).
 */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { hostOf } from '../testing/article-host'
import { readObjectFile } from '../machine/object-file'
import { runCommand } from './run-command'

const at = (name: string): URL => new URL(`../../testdata/bpftool/${name}`, import.meta.url)

it('names enums and booleans, and prints bit fields, pointers and characters as bpftool does', () => {
  const host = hostOf()
  host.files.set('typed.o', readObjectFile(readFileSync(at('typed.o')))!)
  expect(runCommand(host, 'bpftool prog load typed.o /sys/fs/bpf/typed').stderr).toBe('')
  const steps = readFileSync(at('typed.txt'), 'utf8').split(/^\$ /m).slice(1)
  expect(steps).toHaveLength(12)
  for (const step of steps) {
    const [line, ...output] = step.split('\n')
    expect(`${line}\n${runCommand(host, line!).stdout}`).toBe(`${line}\n${output.join('\n')}`)
  }
})
