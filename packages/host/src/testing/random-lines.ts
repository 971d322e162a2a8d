/**
 * Random command lines: real ones with words dropped, doubled, swapped, cut or replaced, pipes and separators strewn in.
 * Near misses find more than noise.
 */
import { createRandom } from '@offload/packet'
import type { ToolResult } from '../tools/result'

const LINES = `
bpftool prog show id 1
bpftool -j -p prog show name count
bpftool prog dump xlated id 1 opcodes
bpftool prog dump jited id 1 linum
bpftool prog load count.o /sys/fs/bpf/x dev nfp_p0 pinmaps /sys/fs/bpf/maps
bpftool prog pin tag 0123456789abcdef /sys/fs/bpf/y
bpftool prog run id 1 data_in 000102030405060708090a0b0c0d0e0f data_out - repeat 3
bpftool -f map show
bpftool map create /sys/fs/bpf/m type hash key 4 value 8 entries 16 name m flags 0
bpftool map dump name m
bpftool map update id 1 key hex 00 01 02 03 value 1 2 3 4 5 6 7 8 any
bpftool map lookup pinned /sys/fs/bpf/m key 0 0 0 0
bpftool map getnext id 1 key 0x1 2 3 4
bpftool map delete id 1 key 0 0 0 0
bpftool map push id 2 value 1 2 3 4
bpftool map event_pipe id 3 cpu 0 index 0
bpftool net attach xdpdrv id 1 dev nfp_p1 overwrite
bpftool net detach xdp dev nfp_p1
bpftool btf dump id 1 format c
bpftool feature probe dev nfp_p0
bpftool perf show
bpftool batch file commands.txt
ip -d link show dev nfp_p0
ip -force link set dev nfp_p0 xdpoffload obj count.o sec xdp
ip link set dev nfp_p1 xdpdrv pinned /sys/fs/bpf/x
ip link set dev nfp_p0 mtu 1500 up
ip -j -p addr show
tc qdisc add dev nfp_p0 clsact
tc filter add dev nfp_p0 ingress pref 7 handle 1 bpf da skip_sw obj cls.o sec classifier
tc -j filter show dev nfp_p0 egress
tc filter del dev nfp_p0 ingress pref 7
ethtool -i nfp_p0
ethtool -S nfp_p0
ethtool -X nfp_p0 weight 1 2 3 4
ethtool -L nfp_p0 combined 4 rx 0 tx 0
ethtool -K nfp_p0 hw-tc-offload on
tcpdump -i nfp_p0 -c 5 -e -x
dmesg
ls /sys/fs/bpf
rm /sys/fs/bpf/x
echo hello world
help`
  .trim()
  .split('\n')
const ENDS = [
  'grep -c id',
  'grep -v "a[b"',
  'head -n 2',
  'tail -n +2',
  'wc -l',
  'sort -r',
  'uniq -c',
  'head -n -1',
  'grep (',
  'nosuch',
]
const WORDS = [
  '',
  '-',
  '--',
  '-1',
  '0',
  '4294967296',
  '1e9',
  'NaN',
  '0x',
  'ff',
  '\\',
  '"',
  "'",
  '$(ls)',
  '`ls`',
  '&',
  '&&',
  ';',
  '|',
  '||',
  '>',
  '#',
  '__proto__',
  'constructor',
  'toString',
  'é',
  '\u0000',
  '🙂',
  '%s%n',
  '../../etc',
  'help',
  '--help',
  '-j',
  '-p',
  'id',
  'name',
  'dev',
  'a'.repeat(300),
]

/** A source of lines; the same seed, the same lines. */
export function randomLines(seed: number): () => string {
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!
  return () => {
    const words = pick(LINES).split(' ')
    for (let changes = random.below(4); changes > 0; changes--) {
      const at = random.below(words.length + 1)
      switch (random.below(5)) {
        case 0:
          words.splice(at, 1)
          break
        case 1:
          words.splice(at, 0, pick(WORDS))
          break
        case 2:
          if (at < words.length) words[at] = pick(WORDS)
          break
        case 3:
          if (at < words.length) words[at] = words[at]!.slice(0, random.below(words[at]!.length + 1))
          break
        default:
          words.splice(at, 0, pick(pick(LINES).split(' ')))
      }
    }
    const line = words.join(' ')
    const roll = random.below(8)
    return roll === 0 ? `${line} | ${pick(ENDS)}` : roll === 1 ? `${line} ; ${pick(LINES)}` : line
  }
}

/** What is wrong with the answer to `line`, or undefined: a failure says something, and JSON is JSON. */
export function wrongAnswer(line: string, { stdout, stderr, code }: ToolResult): string | undefined {
  if (!Number.isInteger(code) || code < 0 || code > 255) return `exit code ${code}`
  const plain = !/[|;&>\n]/.test(line)
  if (!plain) return undefined
  // Commands about a name or tag (or the beginning of these words) that fits nothing are silent, as the real ones are.
  if (code !== 0 && stdout === '' && stderr === '' && !/\s(n|na|nam|name|t|ta|tag)\s/.test(line))
    return 'a failure without a word'
  if (code === 0 && /^(?:bpftool|ip|tc) (?:-p )?-j /.test(line) && stdout !== '') {
    try {
      JSON.parse(stdout)
    } catch {
      return 'output of -j is not JSON'
    }
  }
  return undefined
}
