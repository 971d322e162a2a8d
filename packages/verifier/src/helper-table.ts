/**
 * The helpers: number, name, who may call it, argument kinds, what it returns.
 * Follows kernel-tables.md, section 1; kinds are named as there. Rules of the kinds: helper-args.ts.
 */
import type { ProgType } from '@offload/bpf'

/** Kinds of arguments; see kernel-tables.md, section 1.1. */
export type ArgKind =
  | 'map'
  | 'key'
  | 'val'
  | 'val0'
  | 'uval'
  | 'mem'
  | 'mem0'
  | 'rwmem'
  | 'umem'
  | 'fix'
  | 'ufix'
  | 'sz'
  | 'sz0'
  | 'asz'
  | 'ctx'
  | 'ctx0'
  | 'any'
  | 'fn'
  | 'stk0'
  | 'lock'
  | 'timer'
  | 'str'
  | 'rb'
  | 'dyn'
  | 'udyn'
  | 'sk'
  | 'btf'
  | 'btf0'
  | 'pcpu'
  | 'kptr'

export interface HelperArg {
  readonly kind: ArgKind
  /** Bytes, of `fix` and `ufix`. */
  readonly size: number
  /** The call gives the object back. */
  readonly released: boolean
}

export type ReturnKind =
  | 'int'
  | 'void'
  | 'value'
  | 'value?'
  | 'rbmem?'
  | 'sock?'
  | 'sock_common?'
  | 'tcp_sock?'
  | 'mem?'
  | 'btf?'
  | 'btf'

export interface Helper {
  readonly id: number
  readonly name: string
  /** First letters of the program types: X xdp, C sched_cls/act, S socket_filter, G cgroup_skb. */
  readonly types: string
  readonly args: readonly HelperArg[]
  readonly returns: ReturnKind
  readonly packetArgs: boolean
  readonly movesPacket: boolean
  readonly gplOnly: boolean
  readonly needsPerfmon: boolean
  readonly acquires: boolean
  readonly releases: boolean
  readonly sleeps: boolean
}

/** Names of all helper numbers; the place is the number. */
const NAMES =
  `unspec map_lookup_elem map_update_elem map_delete_elem probe_read ktime_get_ns trace_printk get_prandom_u32
get_smp_processor_id skb_store_bytes l3_csum_replace l4_csum_replace tail_call clone_redirect get_current_pid_tgid
get_current_uid_gid get_current_comm get_cgroup_classid skb_vlan_push skb_vlan_pop skb_get_tunnel_key skb_set_tunnel_key
perf_event_read redirect get_route_realm perf_event_output skb_load_bytes get_stackid csum_diff skb_get_tunnel_opt
skb_set_tunnel_opt skb_change_proto skb_change_type skb_under_cgroup get_hash_recalc get_current_task probe_write_user
current_task_under_cgroup skb_change_tail skb_pull_data csum_update set_hash_invalid get_numa_node_id skb_change_head
xdp_adjust_head probe_read_str get_socket_cookie get_socket_uid set_hash setsockopt skb_adjust_room redirect_map
sk_redirect_map sock_map_update xdp_adjust_meta perf_event_read_value perf_prog_read_value getsockopt override_return
sock_ops_cb_flags_set msg_redirect_map msg_apply_bytes msg_cork_bytes msg_pull_data bind xdp_adjust_tail
skb_get_xfrm_state get_stack skb_load_bytes_relative fib_lookup sock_hash_update msg_redirect_hash sk_redirect_hash
lwt_push_encap lwt_seg6_store_bytes lwt_seg6_adjust_srh lwt_seg6_action rc_repeat rc_keydown skb_cgroup_id
get_current_cgroup_id get_local_storage sk_select_reuseport skb_ancestor_cgroup_id sk_lookup_tcp sk_lookup_udp sk_release
map_push_elem map_pop_elem map_peek_elem msg_push_data msg_pop_data rc_pointer_rel spin_lock spin_unlock sk_fullsock
tcp_sock skb_ecn_set_ce get_listener_sock skc_lookup_tcp tcp_check_syncookie sysctl_get_name sysctl_get_current_value
sysctl_get_new_value sysctl_set_new_value strtol strtoul sk_storage_get sk_storage_delete send_signal tcp_gen_syncookie
skb_output probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str tcp_send_ack send_signal_thread
jiffies64 read_branch_records get_ns_current_pid_tgid xdp_output get_netns_cookie get_current_ancestor_cgroup_id
sk_assign ktime_get_boot_ns seq_printf seq_write sk_cgroup_id sk_ancestor_cgroup_id ringbuf_output ringbuf_reserve
ringbuf_submit ringbuf_discard ringbuf_query csum_level skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock
skc_to_tcp_request_sock skc_to_udp6_sock get_task_stack load_hdr_opt store_hdr_opt reserve_hdr_opt inode_storage_get
inode_storage_delete d_path copy_from_user snprintf_btf seq_printf_btf skb_cgroup_classid redirect_neigh per_cpu_ptr
this_cpu_ptr redirect_peer task_storage_get task_storage_delete get_current_task_btf bprm_opts_set ktime_get_coarse_ns
ima_inode_hash sock_from_file check_mtu for_each_map_elem snprintf sys_bpf btf_find_by_name_kind sys_close timer_init
timer_set_callback timer_start timer_cancel get_func_ip get_attach_cookie task_pt_regs get_branch_snapshot trace_vprintk
skc_to_unix_sock kallsyms_lookup_name find_vma loop strncmp get_func_arg get_func_ret get_func_arg_cnt get_retval
set_retval xdp_get_buff_len xdp_load_bytes xdp_store_bytes copy_from_user_task skb_set_tstamp ima_file_hash kptr_xchg
map_lookup_percpu_elem skc_to_mptcp_sock dynptr_from_mem ringbuf_reserve_dynptr ringbuf_submit_dynptr
ringbuf_discard_dynptr dynptr_read dynptr_write dynptr_data tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6
tcp_raw_check_syncookie_ipv4 tcp_raw_check_syncookie_ipv6 ktime_get_tai_ns user_ringbuf_drain cgrp_storage_get
cgrp_storage_delete`.split(/\s+/)

/** id | types | arguments | returns | flags. `!` = released. */
const TABLE = `
1|XCSG|map key|value?|pkt
2|XCSG|map key val any|int|pkt
3|XCSG|map key|int|pkt
87|XCSG|map val any|int|pkt
88|XCSG|map uval|int|
89|XCSG|map uval|int|
195|XCSG|map key any|value?|pkt
7|XCSG||int|
8|XCSG||int|
42|XCSG||int|
5|XCSG||int|
125|XCSG||int|
160|XCSG||int|
208|XCSG||int|
118|XCSG||int|
25|XCSG|ctx map any mem sz0|int|gpl
130|XCSG|map mem sz0 any|int|
131|XCSG|map asz any|rbmem?|acq
132|XCSG|rb! any|void|rel
133|XCSG|rb! any|void|rel
134|XCSG|map any|int|
198|XCSG|map any any udyn|int|
199|XCSG|dyn! any|void|rel
200|XCSG|dyn! any|void|rel
12|XCSG|ctx map any|void|
23|XC|any any|int|
51|X|map any any|int|
152|C|any mem0 sz0 any|int|
155|C|any any|int|
13|C|ctx any any|int|inv
44|X|ctx any|int|inv
65|X|ctx any|int|inv
54|X|ctx any|int|inv
189|X|ctx any umem sz|int|
190|X|ctx any mem sz|int|
188|X|ctx|int|
28|XC|mem0 sz0 mem0 sz0 any|int|pkt
40|C|ctx any|int|
135|C|ctx any|int|
69|XC|ctx rwmem sz any|int|gpl
163|XC|ctx any fix4 any any|int|gpl
26|CSG|ctx any umem sz|int|
68|CSG|ctx any umem sz any|int|
9|C|ctx any mem sz any|int|inv
10|C|ctx any any any any|int|inv
11|C|ctx any any any any|int|inv
18|C|ctx any any|int|inv
19|C|ctx|int|inv
31|C|ctx any any|int|inv
32|C|ctx any|int|
38|C|ctx any any|int|inv
43|C|ctx any any|int|inv
39|C|ctx any|int|inv
50|C|ctx any any any|int|inv
192|C|ctx any any|int|
97|CG|ctx|int|
34|C|ctx|int|
48|C|ctx any|int|
41|C|ctx|int|
6|XCSG|mem sz|int|gpl perfmon
177|XCSG|mem sz mem0 sz0|int|gpl perfmon
165|XCSG|mem0 sz0 str mem0 sz0|int|gpl perfmon
105|XCSG|mem sz any ufix8|int|
106|XCSG|mem sz any ufix8|int|
182|XCSG|mem sz str|int|
181|XCSG|any fn stk0 any|int|
164|XCSG|map fn stk0 any|int|
93|XCSG|lock|void|
94|XCSG|lock|void|
169|XCSG|timer map any|int|gpl
170|XCSG|timer fn|int|gpl
171|XCSG|timer any any|int|gpl
172|XCSG|timer|int|gpl
197|XCSG|umem sz0 any udyn|int|
201|XCSG|umem sz0 dyn any any|int|
202|XCSG|dyn any mem sz0 any|int|
203|XCSG|dyn any asz|mem?|
14|XCSG||int|
15|XCSG||int|
16|XCSG|umem sz|int|perfmon
17|XCSG|ctx|int|
20|C|ctx umem sz any|int|
21|C|ctx mem sz any|int|
22|XCSG|map any|int|gpl perfmon
24|C|ctx|int|
29|C|ctx umem sz|int|
30|C|ctx mem sz|int|
33|C|ctx map any|int|
35|XCSG||int|gpl perfmon
37|XCSG|map any|int|
46|CSG|ctx|int|
47|CSG|ctx|int|
55|XCSG|map any umem sz|int|gpl perfmon
66|C|ctx any umem sz any|int|
79|CG|ctx|int|
80|XCSG||int|
81|G|map any|value|
83|CG|ctx any|int|
84|XCG|ctx mem sz0 any any|sock?|pkt acq
85|XCG|ctx mem sz0 any any|sock?|pkt acq
86|XCG|sk!|int|rel
95|CG|sk|sock?|
96|CG|sk|tcp_sock?|
98|CG|sk|sock?|
99|XCG|ctx mem sz0 any any|sock_common?|pkt acq
100|XC|sk mem sz mem sz|int|gpl pkt
107|CG|map sk val0 any|value?|
108|CG|map sk|int|
109|XCSG|any|int|perfmon
110|XC|sk mem sz mem sz|int|gpl pkt
112|XCSG|umem sz0 any|int|gpl perfmon
113|XCSG|umem sz0 any|int|gpl perfmon
114|XCSG|umem sz0 any|int|gpl perfmon
115|XCSG|umem sz0 any|int|gpl perfmon
117|XCSG|any|int|perfmon
120|XCSG|any any umem sz|int|
122|CSG|ctx0|int|
123|XCSG|any|int|
124|C|ctx sk any|int|
128|G|sk|int|
129|G|sk any|int|
136|XCSG|sk|btf?|perfmon
137|XCSG|sk|btf?|perfmon
138|XCSG|sk|btf?|perfmon
139|XCSG|sk|btf?|perfmon
140|XCSG|sk|btf?|perfmon
141|XCSG|btf umem sz0 any|int|perfmon
148|XCSG|umem sz0 any|int|sleep perfmon
149|XCSG|rwmem sz mem sz any|int|perfmon
151|C|ctx|int|
153|XCSG|pcpu any|btf?|
154|XCSG|pcpu|btf|
156|XCSG|map btf0 val0 any|value?|
157|XCSG|map btf0|int|
158|XCSG||btf|gpl perfmon
175|XCSG|btf|btf|gpl perfmon
176|XCSG|umem sz0|int|gpl perfmon
178|XCSG|sk|btf?|perfmon
180|XCSG|btf any fn stk0 any|int|perfmon
191|XCSG|umem sz0 any btf|int|gpl sleep perfmon
194|XCSG|kptr btf0!|btf?|acq rel
196|XCSG|sk|btf?|perfmon
204|XC|fix20 mem sz0|int|gpl pkt
205|XC|fix40 mem sz0|int|gpl pkt
206|XC|fix20 fix20|int|gpl pkt
207|XC|fix40 fix20|int|gpl pkt
209|XCSG|map fn stk0 any|int|
210|XCSG|map btf0 val0 any|value?|
211|XCSG|map btf0|int|`

function parseArg(text: string): HelperArg {
  const match = /^([a-z]+?0?)(\d*)(!?)$/.exec(text)!
  const fixed = match[1]!.startsWith('fix') || match[1]!.startsWith('ufix')
  return { kind: match[1] as ArgKind, size: fixed ? Number(match[2]) : 0, released: match[3] === '!' }
}

function parseLine(line: string): Helper {
  const [id, types, args, returns, flagText] = line.split('|') as [string, string, string, string, string]
  const flags = flagText.split(' ')
  return {
    id: Number(id),
    name: NAMES[Number(id)]!,
    types,
    args: args === '' ? [] : args.split(' ').map(parseArg),
    returns: returns as ReturnKind,
    packetArgs: flags.includes('pkt'),
    movesPacket: flags.includes('inv'),
    gplOnly: flags.includes('gpl'),
    needsPerfmon: flags.includes('perfmon'),
    acquires: flags.includes('acq'),
    releases: flags.includes('rel'),
    sleeps: flags.includes('sleep'),
  }
}

const HELPERS = new Map(
  TABLE.trim()
    .split('\n')
    .map(parseLine)
    .map((h) => [h.id, h]),
)
/** Argument of get_cgroup_classid is the context in tc programs only. */
const CLASSID_ELSEWHERE: Helper = { ...HELPERS.get(17)!, args: [] }

const TYPE_LETTERS: Readonly<Record<ProgType, string>> = {
  xdp: 'X',
  sched_cls: 'C',
  sched_act: 'C',
  socket_filter: 'S',
  cgroup_skb: 'G',
}

/** Helper name without `bpf_`, for numbers that exist. */
export const helperName = (id: number): string | undefined => (id >= 0 ? NAMES[id] : undefined)
/** Numbers below this one exist. */
export const HELPER_COUNT = NAMES.length

/** The helper, if a program of this type with or without CAP_PERFMON may call it. */
export function helperFor(id: number, progType: ProgType, perfmon: boolean): Helper | undefined {
  const helper = HELPERS.get(id)
  if (helper === undefined || (helper.needsPerfmon && !perfmon)) return undefined
  if (!helper.types.includes(TYPE_LETTERS[progType])) return undefined
  return id === 17 && TYPE_LETTERS[progType] !== 'C' ? CLASSID_ELSEWHERE : helper
}
