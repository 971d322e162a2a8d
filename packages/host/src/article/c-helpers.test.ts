/** Rows C of the article's checklist: helpers and perf events. */
import { HELPERS } from '@offload/bpf'
import { FIRMWARE_PROFILES, loadForDevice } from '@offload/nfp-jit'
import { formatHex, readCapture, writePcapng } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { objectOf, runCommand, xdpdumpText } from '../index'
import { DROP, LOOKUP, hostOf, loaded, offload, outcomes, program, send, u32, udp } from '../testing/article-host'

/** Sends `bytes` of data, and the packet's start behind it, as an event; flags as given. */
const event = (flags: string, bytes = 4): string => `
.license GPL
.map events perf_event_array key 4 value 4 max 4
.prog xdp p
  r6 = r1
  r2 = 7
  *(u64 *)(r10 - 8) = r2
  r2 = events ll
  r3 = ${flags} ll
  r4 = r10
  r4 += -8
  r5 = ${bytes}
  call bpf_perf_event_output
  if r0 != 0 goto bad
  r0 = 2
  exit
bad:
  r0 = 1
  exit
`
const WITH_32_BYTES = event('0x20ffffffff')

const onHash = (call: string): string => `
.map m hash key 4 value 4 max 2
.prog xdp p
  r1 = 5
  *(u32 *)(r10 - 4) = r1
  r1 = 0
  *(u32 *)(r10 - 8) = r1
  r1 = m ll
  r2 = r10
  r2 += -4
${call}
  if r0 s< 0 goto failed
  r0 = 2
  exit
failed:
  r0 = 1
  exit
`

/** Outcome of one packet, with or without entry 5 in the map. */
function outcomeOn(text: string, present: boolean): string {
  const host = hostOf()
  const { maps } = offload(host, text)
  if (present) host.mapUpdate(maps[0]!.id, u32(5), u32(0))
  return outcomes(send(host, [udp()]))[0]!
}

describe('C. helpers and perf events', () => {
  it('C1 takes the helpers of its white list, and refuses the others at their line', () => {
    const calls = HELPERS.filter((helper) => helper.signature?.callers.includes('X'))
    // Asked of the driver alone, without arguments: what it knows is refused for them, what it does not by number.
    const known = calls.filter(({ id, name }) => {
      const text = `.prog xdp p\n  r0 = 0\n  r2 = 0\n  call ${name}\n  r0 = 2\n  exit\n`
      const { insns, progType } = program(text)
      const result = loadForDevice({ progType, insns, maps: [], relocs: [], firmware: FIRMWARE_PROFILES.shipping })
      return !result.refusals?.some(({ text }) => text === `unsupported function id: ${id}`)
    })
    const names = known.map(({ name }) => name)
    for (const name of ['map_lookup_elem', 'map_update_elem', 'map_delete_elem', 'get_prandom_u32', 'xdp_adjust_head'])
      expect(
        names.some((one) => one.endsWith(name)),
        name,
      ).toBe(true)
    expect(names.length).toBeLessThan(12)
    const host = hostOf()
    expect(
      host.load(program('.prog xdp p\nr6 = 0\ncall bpf_ktime_get_ns\nr0 = 2\nexit\n'), { offload: true }),
    ).toMatchObject({
      ok: false,
      device: { insn: 1 },
      error: '[nfp] unsupported function id: 5',
    })
  })

  it('C2 looks up: a value or NULL, which the verifier makes the program ask about', () => {
    const host = hostOf()
    const unchecked = `.map m array key 4 value 4 max 4\n.prog xdp p\n  r1 = 9\n  *(u32 *)(r10 - 4) = r1\n${LOOKUP}  r0 = *(u32 *)(r0 + 0)\n  exit\n`
    const needsCheck = { ok: false, errno: 13, error: "R0 invalid mem access 'map_value_or_null'" }
    expect(host.load(program(unchecked))).toMatchObject(needsCheck)
    // The driver, which is asked first, does not know such a pointer either.
    expect(host.load(program(unchecked), { offload: true })).toMatchObject({
      ok: false,
      errno: 22,
      error: '[nfp] unsupported ptr type: 260',
    })
    const checked = unchecked.replace(
      '  r0 = *(u32 *)(r0 + 0)\n',
      '  if r0 != 0 goto found\n  r0 = 1\n  exit\nfound:\n  r0 = 2\n',
    )
    offload(host, checked)
    expect(outcomes(send(host, [udp()]))).toEqual(['drop'])
    host.detach(4, 'offload')
    offload(host, checked.replace('r1 = 9', 'r1 = 3'))
    expect(outcomes(send(host, [udp()]))).toEqual(['pass'])
  })

  it('C3 updates from the program with its flags', () => {
    const update = (flags: number): string =>
      onHash(`  r3 = r10\n  r3 += -8\n  r4 = ${flags}\n  call bpf_map_update_elem`)
    expect([
      outcomeOn(update(0), false),
      outcomeOn(update(0), true),
      outcomeOn(update(1), false),
      outcomeOn(update(1), true),
      outcomeOn(update(2), false),
      outcomeOn(update(2), true),
    ]).toEqual(['pass', 'pass', 'pass', 'drop', 'drop', 'pass'])
  })

  it('C4 deletes from the program; what is absent gives an error', () => {
    const remove = onHash('  call bpf_map_delete_elem')
    expect([outcomeOn(remove, true), outcomeOn(remove, false)]).toEqual(['pass', 'drop'])
    const enoent = remove.replace('if r0 s< 0 goto failed', 'r0 <<= 32\n  r0 s>>= 32\n  if r0 == -2 goto failed')
    expect(outcomeOn(enoent, false)).toBe('drop')
  })

  it('C5 draws random numbers from the seed: a sample of one in eight, the same in each run', () => {
    const text =
      '.prog xdp p\n  call bpf_get_prandom_u32\n  r0 &= 7\n  if r0 == 0 goto take\n  r0 = 2\n  exit\ntake:\n  r0 = 1\n  exit\n'
    const drops = (): number[] => {
      const host = hostOf()
      offload(host, text)
      return send(
        host,
        Array.from({ length: 1000 }, () => udp()),
      ).flatMap(({ record }, i) => (record.outcome === 'drop' ? [i] : []))
    }
    const first = drops()
    // 125 expected, with a standard deviation of 10.
    expect(first.length).toBeGreaterThan(75)
    expect(first.length).toBeLessThan(175)
    expect(drops()).toEqual(first)
  })

  it('C6 sends events: the current CPU alone may be named, and success is told before anything is known', () => {
    const host = hostOf()
    const { maps } = offload(host, WITH_32_BYTES)
    host.openEvents(maps[0]!.id)
    expect(outcomes(send(host, [udp()]))).toEqual(['pass'])
    expect(host.events().map(({ cpu, data }) => [cpu, formatHex(data)])).toEqual([[0, '07000000']])
    const other = event('0x2000000001')
    expect(host.load(program(other), { offload: true })).toMatchObject({ ok: false, errno: 95 })
    expect(host.load(program(other)).ok).toBe(true)
    // Without a reader the host's helper fails; the card's has fired and forgotten.
    const alone = hostOf()
    offload(alone, WITH_32_BYTES)
    expect(outcomes(send(alone, [udp()]))).toEqual(['pass'])
    const driver = hostOf()
    driver.attach(loaded(driver.load(program(WITH_32_BYTES))).program.id, 4, 'driver')
    expect(send(driver, [udp()])[0]!.host).toBe('dropped')
  })

  it('C7 grows and shrinks the front of the packet within the firmware’s limits', () => {
    const text = (delta: number): string =>
      `.prog xdp p\n  r2 = ${delta}\n  call bpf_xdp_adjust_head\n  if r0 != 0 goto bad\n  r0 = 2\n  exit\nbad:\n  r0 = 1\n  exit\n`
    const frame = udp(53, '10.0.0.1', 300)
    for (const delta of [-16, 14, 64]) {
      const host = hostOf()
      offload(host, text(delta))
      const [packet] = send(host, [frame])
      expect(packet!.record.outcome).toBe('pass')
      expect(packet!.record.data.length).toBe(frame.length - delta)
      if (delta > 0) expect(formatHex(packet!.record.data)).toBe(formatHex(frame.subarray(delta)))
    }
    const host = hostOf()
    offload(host, text(-250))
    expect(outcomes(send(host, [frame]))).toEqual(['drop'])
  })

  it('C8 truncates the packet, and refuses to grow it', () => {
    const text = (delta: number): string =>
      `.prog xdp p\n  r2 = ${delta}\n  call bpf_xdp_adjust_tail\n  if r0 != 0 goto bad\n  r0 = 3\n  exit\nbad:\n  r0 = 1\n  exit\n`
    const host = hostOf()
    offload(host, text(-20))
    expect(send(host, [udp()])[0]!.record).toMatchObject({ outcome: 'tx', data: udp().subarray(0, 44) })
    offload(host, text(20))
    expect(outcomes(send(host, [udp()]))).toEqual(['drop'])
  })

  it('C9 counts events without a reader, and those that find a ring full', () => {
    const host = hostOf()
    const { maps } = offload(host, WITH_32_BYTES)
    send(host, [udp()])
    expect([host.events().length, host.eventsLost()]).toEqual([0, 1])
    host.openEvents(maps[0]!.id, { pages: 1 })
    expect(host.syscalls.list().filter(({ command }) => command === 'BPF_MAP_UPDATE_ELEM')).toHaveLength(4)
    send(
      host,
      Array.from({ length: 200 }, () => udp()),
    )
    const got = host.events().length
    expect(got).toBeGreaterThan(10)
    expect(got).toBeLessThan(200)
    expect(got + host.eventsLost()).toBe(201)
  })

  it('C10 keeps perf maps on the host while the program is on the card', () => {
    const host = hostOf()
    const { maps } = offload(host, WITH_32_BYTES)
    expect(maps[0]!.table).toBeUndefined()
    expect(host.device.accounting.maps).toBe(0)
    expect(runCommand(host, 'bpftool map show').stdout).not.toContain('offloaded_to')
    expect(runCommand(host, 'bpftool prog show').stdout).toContain('offloaded_to')
  })

  it('C11 streams data of the program’s own and bytes of the packet, to be kept as a capture', () => {
    const host = hostOf()
    const { maps } = offload(host, WITH_32_BYTES)
    host.openEvents(maps[0]!.id)
    const frame = udp(53, '10.0.0.3', 100)
    send(host, [frame, frame])
    const events = host.events()
    expect(events.map(({ data }) => formatHex(data))).toEqual(['07000000', '07000000'])
    expect(events.map(({ packet }) => formatHex(packet))).toEqual(Array(2).fill(formatHex(frame.subarray(0, 32))))
    const file = writePcapng(
      events.map(({ time, packet, data }) => ({ time, port: 0, data: packet, comment: formatHex(data) })),
    )
    const read = readCapture(file)
    if (!read.ok) throw new Error(read.error.message)
    expect(read.capture.packets.map(({ data, comment }) => [formatHex(data), comment])).toEqual(
      Array(2).fill([formatHex(frame.subarray(0, 32)), '07000000']),
    )
  })

  it('C12 prints events as the demonstration xdpdump does, with -x the bytes', () => {
    const data = new Uint8Array(48)
    data.set([10, 0, 0, 2])
    data.set([10, 0, 0, 1], 16)
    const view = new DataView(data.buffer)
    view.setUint16(32, 9203)
    view.setUint16(36, 0x0800, true)
    view.setUint16(38, 6, true)
    view.setUint16(40, 6, true)
    view.setInt32(44, 437_136_853)
    const packet = Uint8Array.of(0, 0x15, 0x4d, 0x13, 1)
    const sample = { time: 28_228_714_182_000, cpu: 0, mapId: 1, data, packet }
    const line = '28228.714182 IP 10.0.0.2:9203 > 10.0.0.1:0 TCP seq 437136853, length 6\n'
    expect(xdpdumpText(sample)).toBe(line)
    expect(xdpdumpText(sample, true)).toBe(`${line}\t0015 4d13 01\n`)
  })

  it('C13 refuses helpers that make no sense on a card', () => {
    for (const name of ['bpf_get_current_pid_tgid', 'bpf_probe_read_kernel', 'bpf_get_current_comm']) {
      const text = `.license GPL\n.prog xdp p\n  r1 = r10\n  r1 += -8\n  r2 = 8\n  r3 = r10\n  call ${name}\n  r0 = 2\n  exit\n`
      const refused = hostOf().load(program(text), { offload: true })
      expect(refused.ok, name).toBe(false)
      if (!refused.ok) expect(refused.error).toMatch(/unknown func|unsupported function id|cannot use helper/)
    }
    const host = hostOf()
    host.files.set('d.o', objectOf(program(DROP)))
    expect(runCommand(host, 'bpftool feature probe dev nfp_p0').stdout).not.toContain('bpf_get_current_pid_tgid')
  })
})
