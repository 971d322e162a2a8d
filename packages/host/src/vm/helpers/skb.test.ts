/** Socket buffer helpers against runs that Linux 6.18 recorded (testdata/skb-helpers.jsonl: one program and frame a line). */
import { readFileSync } from 'node:fs'
import { formatHex, parseHex } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createVm, loadProgram, runProgram } from '../run'

interface RecordedRun {
  readonly kind: string
  readonly insns: string
  readonly data_in: string
  readonly errno: number
  readonly retval: number
  readonly data_out: string
}

const runs = readFileSync(new URL('../../../testdata/skb-helpers.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as RecordedRun)

describe('socket buffer helpers', () => {
  it.each([...new Set(runs.map((run) => run.kind))])('%s: return value and bytes are the kernel’s', (kind) => {
    for (const run of runs.filter((one) => one.kind === kind)) {
      const vm = createVm()
      const got = runProgram(vm, loadProgram(parseHex(run.insns)!, [], []), 'sched_cls', parseHex(run.data_in)!)
      expect({ errno: got.errno, retval: got.retval, data: formatHex(got.data), fault: got.fault }, run.insns).toEqual({
        errno: run.errno,
        retval: run.retval,
        data: run.data_out,
        fault: undefined,
      })
    }
  })
})
