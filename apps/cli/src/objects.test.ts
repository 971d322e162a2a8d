/**
 * Objects in and out, with the demos: their C twins through clang and llvm-objdump, our objects through bpftool on the
 * running kernel, a typed map dump, and the commands that read and write objects. Tools that are absent are named, and
 * the rest is tested without them.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { assemble, btfRawLines, exportElf, helperId, importElf, insnText, parseBtf } from '@offload/bpf'
import type { ImportedProgram, Program } from '@offload/bpf'
import { DEMOS } from '@offload/content'
import type { Demo } from '@offload/content'
import {
  createHostMap,
  createMachine,
  createVm,
  loadProgram,
  mapAttributes,
  objectOf,
  runCommand as runTool,
  runProgram,
} from '@offload/host'
import type { Machine } from '@offload/host'
import { DEVICES, FIRMWARE_BEHAVIOURS, createChip } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { defaultDocument, frameSource } from '@offload/session'
import { afterAll, describe, expect, it } from 'vitest'
import { COMMANDS } from './commands'
import type { CommandResult } from './commands/input'
import { BadUse } from './commands/input'
import { fromHex, toHex } from './hex'
import { forHost } from './host-variant'

const scratch = mkdtempSync(path.join(tmpdir(), 'offload-objects-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** What the demos' C needs, so that no other header is. */
const PRELUDE = `typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32;
typedef unsigned long long __u64; typedef __u16 __be16; typedef __u32 __be32;
#define __noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))
#define bpf_htonl(x) __builtin_bswap32(x)
#define bpf_ntohl(x) __builtin_bswap32(x)
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_ntohs(x) __builtin_bswap16(x)
struct xdp_md { __u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PROG_ARRAY = 3, BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
       BPF_MAP_TYPE_XSKMAP = 17 };
enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };
enum { TC_ACT_UNSPEC = -1, TC_ACT_OK = 0, TC_ACT_SHOT = 2 };
enum { BPF_ANY, BPF_NOEXIST, BPF_EXIST };
struct __sk_buff { __u32 len, pad[18], data, data_end; };
struct ethhdr { __u8 h_dest[6], h_source[6]; __be16 h_proto; } __attribute__((packed));
struct iphdr { __u8 ihl : 4, version : 4, tos; __be16 tot_len, id, frag_off; __u8 ttl, protocol; __u16 check;
               __be32 saddr, daddr; };
struct udphdr { __be16 source, dest, len; __u16 check; };
enum { ETH_P_IP = 0x800, ETH_P_8021Q = 0x8100, ETH_P_8021AD = 0x88a8, ETH_P_IPV6 = 0x86dd };
enum { IPPROTO_IPV6 = 41, IPPROTO_IPIP = 4, IPPROTO_TCP = 6, IPPROTO_UDP = 17 };
#define BPF_F_CURRENT_CPU 0xffffffffULL
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static __u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static __u32 (*bpf_get_prandom_u32)(void) = (void *)7;
static long (*bpf_tail_call)(void *ctx, void *map, __u32 index) = (void *)12;
static long (*bpf_redirect_map)(void *map, __u64 key, __u64 flags) = (void *)51;
static long (*bpf_perf_event_output)(void *ctx, void *map, __u64 flags, void *data, __u64 size) = (void *)25;
static long (*bpf_xdp_adjust_head)(void *ctx, int delta) = (void *)44;
static long (*bpf_xdp_adjust_tail)(void *ctx, int delta) = (void *)65;
char _license[] SEC("license") = "GPL";
`

const present = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined
const compilers = ['', '-14', '-19'].filter((suffix) => present(`clang${suffix}`) && present(`llvm-objdump${suffix}`))
if (compilers.length === 0) console.log('clang and llvm-objdump are absent: the C twins are not compiled')

const live = present('bpftool') && spawnSync('bpftool', ['prog', 'show']).status === 0 && process.getuid?.() === 0
if (!live) console.log('bpf(2) or bpftool absent: our objects are not loaded')

function programOf(source: string): Program {
  const result = assemble(source)
  if (!result.ok) throw new Error(result.diagnostics[0]?.message)
  return result.program
}

function importOne(bytes: Uint8Array): ImportedProgram {
  const result = importElf(bytes)
  if (!result.ok) throw new Error(result.findings[0]?.message)
  expect(result.programs).toHaveLength(1)
  return result.programs[0]!
}

function objectFile(name: string, source: string, files: Readonly<Record<string, string>> = {}): string {
  const made = exportElf(programOf(source), { source, sourceName: `${name}.bpf`, files })
  if (!made.ok) throw new Error(made.error)
  const file = path.join(scratch, `${name}.o`)
  writeFileSync(file, made.object)
  return file
}

interface ListedInsn {
  readonly slot: number
  readonly bytes: string
  readonly text: string
}

/** Instructions as llvm-objdump lists them. */
function listing(text: string): ListedInsn[] {
  return [...text.matchAll(/^\s*(\d+):\t((?:[0-9a-f]{2} ?)+)\t(.*)$/gm)].map(([, slot, bytes, insn]) => ({
    slot: Number(slot),
    bytes: bytes!.replaceAll(' ', ''),
    text: insn!,
  }))
}

/** One spelling for both objdumps: numbers in decimal, no label behind a jump. */
function plain(text: string): string {
  return text
    .replace(/ <[^>]*>$/, '')
    .replace(/0x[0-9a-f]+/g, (digits) => BigInt(digits).toString())
    .replace(/^call (bpf_\w+)$/, (_, name: string) => `call ${helperId(name)}`)
    .trim()
}

interface Behaviour {
  readonly verdicts: readonly number[]
  readonly packets: readonly string[]
  readonly maps: Readonly<Record<string, readonly string[]>>
}

type Runnable = Pick<Program, 'progType' | 'insns' | 'relocs' | 'maps'>

/** What a program does with the first packets of its item, on the host's machine. */
function behaviour(demo: Demo, program: Runnable): Behaviour {
  const vm = createVm()
  const maps = program.maps.map((definition) => {
    const made = createHostMap(vm, mapAttributes(definition))
    if (!made.ok) throw new Error(`map: errno ${made.errno}`)
    return made.map
  })
  for (const entry of demo.session.entries ?? []) {
    const index = program.maps.findIndex(({ name }) => name === entry.map)
    maps[index]!.hostUpdate(fromHex(entry.key, 'key'), fromHex(entry.value, 'value'), 0)
  }
  const loaded = loadProgram(program.insns, program.relocs, maps)
  const made = frameSource(demo.session.traffic ?? defaultDocument().traffic, 2)
  if (!made.ok) throw new Error(made.error)
  const results = Array.from({ length: 300 }, () => runProgram(vm, loaded, program.progType, made.source.next()!.data))
  expect(results.filter(({ fault }) => fault !== undefined)).toEqual([])
  const contents = maps.map((map, index) => {
    const entries: string[] = []
    if (map.attributes.type !== 'perf_event_array' && map.attributes.type !== 'prog_array')
      for (let key = map.nextKey(undefined); key !== undefined; key = map.nextKey(key))
        entries.push(`${toHex(key)} ${toHex(map.hostLookup(key).value ?? new Uint8Array())}`)
    return [program.maps[index]!.name ?? '', entries.sort()] as const
  })
  return {
    verdicts: results.map(({ retval }) => retval),
    packets: results.map(({ data }) => toHex(data)),
    maps: Object.fromEntries(contents),
  }
}

describe.each(DEMOS)('demo $id', (demo) => {
  it.runIf(compilers.length > 0)('the C twin imports to the instructions that llvm-objdump prints', () => {
    let compared = 0
    for (const suffix of compilers) {
      const source = path.join(scratch, `${demo.id}.c`)
      const object = path.join(scratch, `${demo.id}-twin.o`)
      writeFileSync(source, `${PRELUDE}\n${demo.c}`)
      execFileSync(`clang${suffix}`, ['-O2', '-g', '-target', 'bpf', '-c', source, '-o', object], { stdio: 'pipe' })
      const program = importOne(readFileSync(object))
      const relocated = new Set(program.relocs.map(({ insn }) => insn))
      const listed = listing(
        execFileSync(`llvm-objdump${suffix}`, ['-d', '-j', program.section, object], { encoding: 'utf8' }),
      )
      expect(listed.length).toBeGreaterThan(9)
      // Subprograms of another section follow the program.
      const slots = listed.map(({ bytes }) => bytes.length / 16).reduce((a, b) => a + b)
      expect(slots).toBe(program.subprograms.find(({ start }) => start > 0)?.start ?? program.insns.length / 8)
      for (const { slot, bytes, text } of listed) {
        const own = toHex(program.insns.subarray(slot * 8, slot * 8 + bytes.length / 2))
        // A call of a subprogram is resolved when the object is linked.
        if (bytes.startsWith('8510')) continue
        // A reference to a map is what the loader writes into the instruction.
        if (relocated.has(slot)) {
          expect([own.slice(0, 2), own[3]], `slot ${slot}: ${text}`).toEqual([bytes.slice(0, 2), bytes[3]])
          continue
        }
        expect(own, `slot ${slot}: ${text}`).toBe(bytes)
        expect(plain(insnText(program.insns, slot, 'llvm')), `slot ${slot}`).toBe(plain(text))
        compared++
      }
      expect(program.license).toBe('GPL')
      expect(program.cLines.length).toBeGreaterThan(5)
      // The twin declares the same maps, with the same types.
      const own = programOf(demo.source)
      expect(
        program.maps.map(({ name, key_size, value_size, max_entries }) => [name, key_size, value_size, max_entries]),
      ).toEqual(
        own.maps.map(({ name, key_size, value_size, max_entries }) => [name, key_size, value_size, max_entries]),
      )
      // And it does the same with the item's packets.
      expect(behaviour(demo, program)).toEqual(behaviour(demo, own))
    }
    console.log(
      `${demo.id}: ${compared} instructions of ${compilers.map((suffix) => `clang${suffix}`).join(', ')} equal in bytes and text`,
    )
  })

  it('exported and imported again it is the same program', () => {
    const own = programOf(demo.source)
    const again = importOne(
      readFileSync(objectFile(`${demo.id}-again`, demo.source, { [own.cLines?.[0]?.file ?? '']: demo.c })),
    )
    expect(toHex(again.insns)).toBe(toHex(own.insns))
    expect(again.maps).toMatchObject(own.maps.map(({ name, key_size, value_size }) => ({ name, key_size, value_size })))
    expect([again.name, again.progType, again.license]).toEqual([own.name, own.progType, own.license])
    // The lines of C where the demo names them, else those of its own text.
    const named = own.cLines?.map(({ insn, line }) => [insn, line])
    if (named !== undefined) expect(again.cLines.map(({ insn, line }) => [insn, line])).toEqual(named)
    const lines = (named === undefined ? demo.source : demo.c).split('\n')
    for (const { line, text } of again.cLines) expect(text.trim()).toBe(lines[line - 1]!.trim())
  })

  it.runIf(live)('our object loads on the running kernel, and bpftool shows the types that we show', () => {
    const source = forHost(demo.source)
    const file = objectFile(demo.id, source)
    const pin = `/sys/fs/bpf/offload-${demo.id}-${process.pid}`
    try {
      execFileSync('bpftool', ['prog', 'load', file, pin], { stdio: 'pipe' })
      const shown = JSON.parse(
        execFileSync('bpftool', ['-j', 'prog', 'show', 'pinned', pin], { encoding: 'utf8' }),
      ) as { readonly type: string; readonly name: string; readonly map_ids?: readonly number[] }
      const own = programOf(source)
      expect(shown).toMatchObject({ type: own.progType, name: own.name })
      expect(shown.map_ids ?? []).toHaveLength(own.maps.length)
    } finally {
      rmSync(pin, { force: true })
    }
    const result = importElf(readFileSync(file))
    const btf = result.ok && result.btf !== undefined ? parseBtf(result.btf) : undefined
    expect(btf?.ok === true && btfRawLines(btf.btf).join('\n')).toBe(
      execFileSync('bpftool', ['btf', 'dump', 'file', file], { encoding: 'utf8' }).trimEnd(),
    )
  })
})

describe('typed map dump', () => {
  const source = `
.struct entry { value u32; ifindex u32; mac u8[7] }
.map table hash key u32 value entry max 4
.prog xdp dump
  r1 = table ll
  r0 = 2
  exit
`
  const config = {
    device: DEVICES['cx-2x25']!,
    firmware: FIRMWARE_BEHAVIOURS['shipping']!,
    seed: 1,
    timeModel: 'exact',
    queues: 8,
  } as const
  const host = (): Machine => createMachine({ chip: createChip(config), firmware: FIRMWARE_PROFILES.shipping })
  const update = 'bpftool map update name table key 1 0 0 0 value hex 07 00 00 00 01 00 00 00 00 00 15 49 01 02 03 00'

  it('the same bytes print as hex and as JSON with value 7, ifindex 1 and the address', () => {
    const machine = host()
    machine.files.set('dump.o', objectOf(programOf(source)))
    const run = (line: string): string => {
      const { stdout, stderr, code } = runTool(machine, line)
      expect([code, stderr], line).toEqual([0, ''])
      return stdout
    }
    run('bpftool prog load dump.o /sys/fs/bpf/dump')
    run(update)
    expect(JSON.parse(run('bpftool map dump name table'))).toEqual([
      { key: 1, value: { value: 7, ifindex: 1, mac: [0, 0, 21, 73, 1, 2, 3] } },
    ])
    run('bpftool map create /sys/fs/bpf/bare type hash key 4 value 16 entries 4 name bare')
    run(update.replace('name table', 'name bare'))
    expect(run('bpftool map dump name bare')).toBe(
      'key: 01 00 00 00  value: 07 00 00 00 01 00 00 00  00 00 15 49 01 02 03 00\nFound 1 element\n',
    )
  })

  it.runIf(live)('bpftool dumps a map of our object on the running kernel in the same way', () => {
    const file = objectFile('dump', source)
    const pins = `/sys/fs/bpf/offload-dump-${process.pid}`
    try {
      execFileSync('bpftool', ['prog', 'loadall', file, `${pins}-p`, 'pinmaps', pins], { stdio: 'pipe' })
      const words = update.replace('name table', `pinned ${pins}/table`).split(' ').slice(1)
      execFileSync('bpftool', words, { stdio: 'pipe' })
      const told = execFileSync('bpftool', ['map', 'dump', 'pinned', `${pins}/table`], { encoding: 'utf8' })
      expect(JSON.parse(told)).toEqual([{ key: 1, value: { value: 7, ifindex: 1, mac: [0, 0, 21, 73, 1, 2, 3] } }])
      const machine = host()
      machine.files.set('dump.o', objectOf(programOf(source)))
      runTool(machine, 'bpftool prog load dump.o /sys/fs/bpf/dump')
      runTool(machine, update)
      expect(runTool(machine, 'bpftool map dump name table').stdout).toBe(told)
    } finally {
      rmSync(`${pins}-p`, { recursive: true, force: true })
      rmSync(pins, { recursive: true, force: true })
    }
  })
})

describe('commands on objects', () => {
  const several = path.resolve(import.meta.dirname, '../../../packages/bpf/testdata/counter.o')

  async function offload(
    name: string,
    file: string,
    values: Record<string, string | boolean> = {},
  ): Promise<CommandResult> {
    const command = COMMANDS.find((candidate) => candidate.name === name)
    if (command === undefined) throw new Error(name)
    return command.run([file], values)
  }

  it('asm writes an object that asm, disasm, verify, jit and run read', async () => {
    const object = path.join(scratch, 'out.o')
    const written = await offload('asm', 'demo:flood', { object })
    expect(written.failed, written.text).toBe(false)
    const hex = (await offload('asm', 'demo:flood')).text
    expect((await offload('asm', object)).text).toBe(hex)
    const text = path.join(scratch, 'out.bpf')
    writeFileSync(text, (await offload('disasm', object)).text)
    expect((await offload('asm', text)).text).toBe(hex)
    expect((await offload('verify', object)).text).toContain('accepted by kernel and device')
    expect((await offload('jit', object)).json).toMatchObject({
      nfp: ((await offload('jit', 'demo:flood')).json as { nfp: string }).nfp,
    })
    expect((await offload('run', object, { packets: '50' })).text).toContain('50 received')
  })

  it('of several programs one is chosen by its name', async () => {
    await expect(offload('asm', several)).rejects.toThrow('count, count_more, classifier')
    await expect(offload('asm', several, { program: 'none' })).rejects.toThrow('no program "none"')
    await expect(offload('verify', several)).rejects.toThrow(BadUse)
    const one = await offload('asm', several, { program: 'classifier' })
    expect(one.json).toMatchObject({ name: 'classifier', prog_type: 'sched_cls' })
    expect((await offload('disasm', several)).text).toMatch(/\.prog xdp count\n[^]*\.prog tc classifier\n/)
  })

  it('converts into the other dialect and back to the same bytes', async () => {
    const hex = (await offload('asm', 'demo:rss')).text
    const file = path.join(scratch, 'mnemonic.bpf')
    const there = await offload('convert', 'demo:rss', { dialect: 'mnemonic' })
    expect(there.text).toMatch(/^\s+ldxw %r/m)
    writeFileSync(file, there.text)
    expect((await offload('asm', file)).text).toBe(hex)
    writeFileSync(file, (await offload('convert', file, { dialect: 'llvm' })).text)
    expect((await offload('asm', file)).text).toBe(hex)
    await expect(offload('convert', 'demo:rss', { dialect: 'intel' })).rejects.toThrow('unknown dialect')
  })

  it('a damaged object is refused with the reason', async () => {
    const file = path.join(scratch, 'damaged.o')
    writeFileSync(file, readFileSync(several).subarray(0, 200))
    await expect(offload('run', file)).rejects.toThrow(/damaged\.o: ./)
  })
})
