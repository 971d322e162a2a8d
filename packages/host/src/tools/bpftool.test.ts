/**
 * Text equality with the real tool: testdata/bpftool holds objects made by clang and what bpftool 7.1.0 printed about them
 * on Linux 6.18 (x86_64, two CPUs). Ids, times, addresses and the size of machine code are left out of the comparison.
 */
import { readFileSync } from 'node:fs'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { describe, expect, it } from 'vitest'
import { createMachine } from '../machine/machine'
import { readObjectFile } from '../machine/object-file'
import { TableChip } from '../testing/table-chip'
import { runCommand } from './run-command'

const file = (name: string): URL => new URL(`../../testdata/bpftool/${name}`, import.meta.url)

const answers = JSON.parse(readFileSync(file('answers.json'), 'utf8')) as readonly {
  readonly command: string
  readonly output: string
}[]

function withoutNumbers(text: string): string {
  return text
    .replace(/^\d+: (?=[a-z_]+ {2}name)/gm, 'N: ')
    .replace(/map_ids [\d,]+/g, 'map_ids N')
    .replace(/btf_id \d+/g, 'btf_id N')
    .replace(/"(id|btf_id|loaded_at|bytes_jited)":\s?\d+/g, '"$1":N')
    .replace(/"map_ids":\s?\[[\d,\s]+\]/g, '"map_ids":[N]')
    .replace(/loaded_at \S+/g, 'loaded_at T')
    .replace(/jited \d+B/g, 'jited NB')
    .replace(/map\[id:\d+\]/g, 'map[id:N]')
    .replace(/#-?\d+(?=$|")/gm, '#N')
}

describe('bpftool on a real object', () => {
  it('prints what the real tool prints, line by line', () => {
    const machine = createMachine({ chip: new TableChip(), firmware: FIRMWARE_PROFILES.shipping, cpus: 2 })
    machine.files.set('many.o', readObjectFile(new Uint8Array(readFileSync(file('many.o'))), 'many.o')!)
    for (const name of ['fields', 'narrow']) {
      machine.files.set(`${name}.o`, readObjectFile(new Uint8Array(readFileSync(file(`${name}.o`))), `${name}.o`)!)
      expect(runCommand(machine, `bpftool prog load ${name}.o /sys/fs/bpf/cls-${name}`).code).toBe(0)
    }
    expect(runCommand(machine, 'bpftool prog load many.o /sys/fs/bpf/m/p pinmaps /sys/fs/bpf/m')).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
    })
    let lines = 0
    let same = 0
    const different: string[] = []
    for (const { command, output } of answers) {
      const { stdout, stderr } = runCommand(machine, command)
      const [real, ours] = [withoutNumbers(output).split('\n'), withoutNumbers(stdout + stderr).split('\n')]
      for (let i = 0; i < Math.max(real.length, ours.length); i++) {
        lines++
        if (real[i] === ours[i]) same++
        else different.push(`${command}\n  real ${real[i]}\n  ours ${ours[i]}`)
      }
    }
    console.log(`bpftool text: ${same} of ${lines} lines equal`)
    expect(different).toEqual([])
  })

  it('names the values of enums, prints bools as such and bit fields in hex', () => {
    const machine = createMachine({ chip: new TableChip(), firmware: FIRMWARE_PROFILES.shipping, cpus: 2 })
    machine.files.set('named.o', readObjectFile(new Uint8Array(readFileSync(file('named.o'))), 'named.o')!)
    expect(runCommand(machine, 'bpftool prog load named.o /sys/fs/bpf/named pinmaps /sys/fs/bpf/named-maps').code).toBe(
      0,
    )
    for (const [key, value] of [
      [0, '5 0 0 0 1 65 66 0 0x53 0 0 0'],
      [1, '255 255 255 255 1 0 1 0 9 0 0 0'],
      [2, '3 0 0 0 0 0 1 0 9 0 0 0'],
    ])
      runCommand(machine, `bpftool map update pinned /sys/fs/bpf/named-maps/m key ${key} 0 0 0 value ${value}`)
    const shown = (command: string): string => runCommand(machine, command).stdout
    expect(shown('bpftool map dump pinned /sys/fs/bpf/named-maps/m')).toBe(readFileSync(file('named.txt'), 'utf8'))
    expect(JSON.parse(shown('bpftool -j map dump pinned /sys/fs/bpf/named-maps/m'))).toEqual(
      JSON.parse(readFileSync(file('named.json'), 'utf8')),
    )
  })
})
