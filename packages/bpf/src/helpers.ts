/**
 * The kernel's helper functions: id, name, who may call them, arguments and result.
 * Argument kinds are those of kernel-tables.md, section 1.1 (`map key val mem umem sz ctx any …`).
 * Helpers without a signature exist in the kernel but belong to program types that no card runs.
 */

export type HelperFlag = 'pkt' | 'inv' | 'gpl' | 'perfmon' | 'acq' | 'rel' | 'sleep'

/** Who may call: X xdp, C sched_cls and sched_act, S socket_filter, G cgroup_skb. */
export type HelperCaller = 'X' | 'C' | 'S' | 'G'

export interface HelperSignature {
  readonly callers: readonly HelperCaller[]
  readonly args: readonly string[]
  readonly returns: string
  readonly flags: readonly HelperFlag[]
}

export interface Helper {
  readonly id: number
  /** With the `bpf_` prefix, as it stands after `call`. */
  readonly name: string
  readonly signature?: HelperSignature
}

type Row = readonly [name: string, callers?: string, args?: string, returns?: string, flags?: string]

/** Row number = helper id. */
const ROWS: readonly Row[] = [
  ['unspec'],
  ['map_lookup_elem', 'XCSG', 'map key', 'value∅', 'pkt'],
  ['map_update_elem', 'XCSG', 'map key val any', 'int', 'pkt'],
  ['map_delete_elem', 'XCSG', 'map key', 'int', 'pkt'],
  ['probe_read'],
  ['ktime_get_ns', 'XCSG', '', 'int', ''],
  ['trace_printk', 'XCSG', 'mem sz', 'int', 'gpl perfmon'],
  ['get_prandom_u32', 'XCSG', '', 'int', ''],
  ['get_smp_processor_id', 'XCSG', '', 'int', ''],
  ['skb_store_bytes', 'C', 'ctx any mem sz any', 'int', 'inv'],
  ['l3_csum_replace', 'C', 'ctx any any any any', 'int', 'inv'],
  ['l4_csum_replace', 'C', 'ctx any any any any', 'int', 'inv'],
  ['tail_call', 'XCSG', 'ctx map any', 'void', ''],
  ['clone_redirect', 'C', 'ctx any any', 'int', 'inv'],
  ['get_current_pid_tgid', 'XCSG', '', 'int', ''],
  ['get_current_uid_gid', 'XCSG', '', 'int', ''],
  ['get_current_comm', 'XCSG', 'umem sz', 'int', 'perfmon'],
  ['get_cgroup_classid', 'XCSG', 'ctx', 'int', ''],
  ['skb_vlan_push', 'C', 'ctx any any', 'int', 'inv'],
  ['skb_vlan_pop', 'C', 'ctx', 'int', 'inv'],
  ['skb_get_tunnel_key', 'C', 'ctx umem sz any', 'int', ''],
  ['skb_set_tunnel_key', 'C', 'ctx mem sz any', 'int', ''],
  ['perf_event_read', 'XCSG', 'map any', 'int', 'gpl perfmon'],
  ['redirect', 'XC', 'any any', 'int', ''],
  ['get_route_realm', 'C', 'ctx', 'int', ''],
  ['perf_event_output', 'XCSG', 'ctx map any mem sz0', 'int', 'gpl'],
  ['skb_load_bytes', 'CSG', 'ctx any umem sz', 'int', ''],
  ['get_stackid'],
  ['csum_diff', 'XC', 'mem0 sz0 mem0 sz0 any', 'int', 'pkt'],
  ['skb_get_tunnel_opt', 'C', 'ctx umem sz', 'int', ''],
  ['skb_set_tunnel_opt', 'C', 'ctx mem sz', 'int', ''],
  ['skb_change_proto', 'C', 'ctx any any', 'int', 'inv'],
  ['skb_change_type', 'C', 'ctx any', 'int', ''],
  ['skb_under_cgroup', 'C', 'ctx map any', 'int', ''],
  ['get_hash_recalc', 'C', 'ctx', 'int', ''],
  ['get_current_task', 'XCSG', '', 'int', 'gpl perfmon'],
  ['probe_write_user'],
  ['current_task_under_cgroup', 'XCSG', 'map any', 'int', ''],
  ['skb_change_tail', 'C', 'ctx any any', 'int', 'inv'],
  ['skb_pull_data', 'C', 'ctx any', 'int', 'inv'],
  ['csum_update', 'C', 'ctx any', 'int', ''],
  ['set_hash_invalid', 'C', 'ctx', 'int', ''],
  ['get_numa_node_id', 'XCSG', '', 'int', ''],
  ['skb_change_head', 'C', 'ctx any any', 'int', 'inv'],
  ['xdp_adjust_head', 'X', 'ctx any', 'int', 'inv'],
  ['probe_read_str'],
  ['get_socket_cookie', 'CSG', 'ctx', 'int', ''],
  ['get_socket_uid', 'CSG', 'ctx', 'int', ''],
  ['set_hash', 'C', 'ctx any', 'int', ''],
  ['setsockopt'],
  ['skb_adjust_room', 'C', 'ctx any any any', 'int', 'inv'],
  ['redirect_map', 'X', 'map any any', 'int', ''],
  ['sk_redirect_map'],
  ['sock_map_update'],
  ['xdp_adjust_meta', 'X', 'ctx any', 'int', 'inv'],
  ['perf_event_read_value', 'XCSG', 'map any umem sz', 'int', 'gpl perfmon'],
  ['perf_prog_read_value'],
  ['getsockopt'],
  ['override_return'],
  ['sock_ops_cb_flags_set'],
  ['msg_redirect_map'],
  ['msg_apply_bytes'],
  ['msg_cork_bytes'],
  ['msg_pull_data'],
  ['bind'],
  ['xdp_adjust_tail', 'X', 'ctx any', 'int', 'inv'],
  ['skb_get_xfrm_state', 'C', 'ctx any umem sz any', 'int', ''],
  ['get_stack'],
  ['skb_load_bytes_relative', 'CSG', 'ctx any umem sz any', 'int', ''],
  ['fib_lookup', 'XC', 'ctx rwmem sz any', 'int', 'gpl'],
  ['sock_hash_update'],
  ['msg_redirect_hash'],
  ['sk_redirect_hash'],
  ['lwt_push_encap'],
  ['lwt_seg6_store_bytes'],
  ['lwt_seg6_adjust_srh'],
  ['lwt_seg6_action'],
  ['rc_repeat'],
  ['rc_keydown'],
  ['skb_cgroup_id', 'CG', 'ctx', 'int', ''],
  ['get_current_cgroup_id', 'XCSG', '', 'int', ''],
  ['get_local_storage', 'G', 'map any', 'value', ''],
  ['sk_select_reuseport'],
  ['skb_ancestor_cgroup_id', 'CG', 'ctx any', 'int', ''],
  ['sk_lookup_tcp', 'XCG', 'ctx mem sz0 any any', 'sock∅', 'pkt acq'],
  ['sk_lookup_udp', 'XCG', 'ctx mem sz0 any any', 'sock∅', 'pkt acq'],
  ['sk_release', 'XCG', 'sk!', 'int', 'rel'],
  ['map_push_elem', 'XCSG', 'map val any', 'int', 'pkt'],
  ['map_pop_elem', 'XCSG', 'map uval', 'int', ''],
  ['map_peek_elem', 'XCSG', 'map uval', 'int', ''],
  ['msg_push_data'],
  ['msg_pop_data'],
  ['rc_pointer_rel'],
  ['spin_lock', 'XCSG', 'lock', 'void', ''],
  ['spin_unlock', 'XCSG', 'lock', 'void', ''],
  ['sk_fullsock', 'CG', 'sk', 'sock∅', ''],
  ['tcp_sock', 'CG', 'sk', 'tcp_sock∅', ''],
  ['skb_ecn_set_ce', 'CG', 'ctx', 'int', ''],
  ['get_listener_sock', 'CG', 'sk', 'sock∅', ''],
  ['skc_lookup_tcp', 'XCG', 'ctx mem sz0 any any', 'sock_common∅', 'pkt acq'],
  ['tcp_check_syncookie', 'XC', 'sk mem sz mem sz', 'int', 'gpl pkt'],
  ['sysctl_get_name'],
  ['sysctl_get_current_value'],
  ['sysctl_get_new_value'],
  ['sysctl_set_new_value'],
  ['strtol', 'XCSG', 'mem sz any ufix8', 'int', ''],
  ['strtoul', 'XCSG', 'mem sz any ufix8', 'int', ''],
  ['sk_storage_get', 'CG', 'map sk val0 any', 'value∅', ''],
  ['sk_storage_delete', 'CG', 'map sk', 'int', ''],
  ['send_signal', 'XCSG', 'any', 'int', 'perfmon'],
  ['tcp_gen_syncookie', 'XC', 'sk mem sz mem sz', 'int', 'gpl pkt'],
  ['skb_output'],
  ['probe_read_user', 'XCSG', 'umem sz0 any', 'int', 'gpl perfmon'],
  ['probe_read_kernel', 'XCSG', 'umem sz0 any', 'int', 'gpl perfmon'],
  ['probe_read_user_str', 'XCSG', 'umem sz0 any', 'int', 'gpl perfmon'],
  ['probe_read_kernel_str', 'XCSG', 'umem sz0 any', 'int', 'gpl perfmon'],
  ['tcp_send_ack'],
  ['send_signal_thread', 'XCSG', 'any', 'int', 'perfmon'],
  ['jiffies64', 'XCSG', '', 'int', ''],
  ['read_branch_records'],
  ['get_ns_current_pid_tgid', 'XCSG', 'any any umem sz', 'int', ''],
  ['xdp_output'],
  ['get_netns_cookie', 'CSG', 'ctx0', 'int', ''],
  ['get_current_ancestor_cgroup_id', 'XCSG', 'any', 'int', ''],
  ['sk_assign', 'C', 'ctx sk any', 'int', ''],
  ['ktime_get_boot_ns', 'XCSG', '', 'int', ''],
  ['seq_printf'],
  ['seq_write'],
  ['sk_cgroup_id', 'G', 'sk', 'int', ''],
  ['sk_ancestor_cgroup_id', 'G', 'sk any', 'int', ''],
  ['ringbuf_output', 'XCSG', 'map mem sz0 any', 'int', ''],
  ['ringbuf_reserve', 'XCSG', 'map asz any', 'rbmem∅', 'acq'],
  ['ringbuf_submit', 'XCSG', 'rb! any', 'void', 'rel'],
  ['ringbuf_discard', 'XCSG', 'rb! any', 'void', 'rel'],
  ['ringbuf_query', 'XCSG', 'map any', 'int', ''],
  ['csum_level', 'C', 'ctx any', 'int', ''],
  ['skc_to_tcp6_sock', 'XCSG', 'sk', 'btf∅', 'perfmon'],
  ['skc_to_tcp_sock', 'XCSG', 'sk', 'btf∅', 'perfmon'],
  ['skc_to_tcp_timewait_sock', 'XCSG', 'sk', 'btf∅', 'perfmon'],
  ['skc_to_tcp_request_sock', 'XCSG', 'sk', 'btf∅', 'perfmon'],
  ['skc_to_udp6_sock', 'XCSG', 'sk', 'btf∅', 'perfmon'],
  ['get_task_stack', 'XCSG', 'btf umem sz0 any', 'int', 'perfmon'],
  ['load_hdr_opt'],
  ['store_hdr_opt'],
  ['reserve_hdr_opt'],
  ['inode_storage_get'],
  ['inode_storage_delete'],
  ['d_path'],
  ['copy_from_user', 'XCSG', 'umem sz0 any', 'int', 'sleep perfmon'],
  ['snprintf_btf', 'XCSG', 'rwmem sz mem sz any', 'int', 'perfmon'],
  ['seq_printf_btf'],
  ['skb_cgroup_classid', 'C', 'ctx', 'int', ''],
  ['redirect_neigh', 'C', 'any mem0 sz0 any', 'int', ''],
  ['per_cpu_ptr', 'XCSG', 'pcpu any', 'mem/btf∅', ''],
  ['this_cpu_ptr', 'XCSG', 'pcpu', 'mem/btf', ''],
  ['redirect_peer', 'C', 'any any', 'int', ''],
  ['task_storage_get', 'XCSG', 'map btf0 val0 any', 'value∅', ''],
  ['task_storage_delete', 'XCSG', 'map btf0', 'int', ''],
  ['get_current_task_btf', 'XCSG', '', 'btf', 'gpl perfmon'],
  ['bprm_opts_set'],
  ['ktime_get_coarse_ns', 'XCSG', '', 'int', ''],
  ['ima_inode_hash'],
  ['sock_from_file'],
  ['check_mtu', 'XC', 'ctx any fix4 any any', 'int', 'gpl'],
  ['for_each_map_elem', 'XCSG', 'map fn stk0 any', 'int', ''],
  ['snprintf', 'XCSG', 'mem0 sz0 str mem0 sz0', 'int', 'gpl perfmon'],
  ['sys_bpf'],
  ['btf_find_by_name_kind'],
  ['sys_close'],
  ['timer_init', 'XCSG', 'timer map any', 'int', 'gpl'],
  ['timer_set_callback', 'XCSG', 'timer fn', 'int', 'gpl'],
  ['timer_start', 'XCSG', 'timer any any', 'int', 'gpl'],
  ['timer_cancel', 'XCSG', 'timer', 'int', 'gpl'],
  ['get_func_ip'],
  ['get_attach_cookie'],
  ['task_pt_regs', 'XCSG', 'btf', 'btf', 'gpl perfmon'],
  ['get_branch_snapshot', 'XCSG', 'umem sz0', 'int', 'gpl perfmon'],
  ['trace_vprintk', 'XCSG', 'mem sz mem0 sz0', 'int', 'gpl perfmon'],
  ['skc_to_unix_sock', 'XCSG', 'sk', 'btf∅', 'perfmon'],
  ['kallsyms_lookup_name'],
  ['find_vma', 'XCSG', 'btf any fn stk0 any', 'int', 'perfmon'],
  ['loop', 'XCSG', 'any fn stk0 any', 'int', ''],
  ['strncmp', 'XCSG', 'mem sz str', 'int', ''],
  ['get_func_arg'],
  ['get_func_ret'],
  ['get_func_arg_cnt'],
  ['get_retval'],
  ['set_retval'],
  ['xdp_get_buff_len', 'X', 'ctx', 'int', ''],
  ['xdp_load_bytes', 'X', 'ctx any umem sz', 'int', ''],
  ['xdp_store_bytes', 'X', 'ctx any mem sz', 'int', ''],
  ['copy_from_user_task', 'XCSG', 'umem sz0 any btf', 'int', 'gpl sleep perfmon'],
  ['skb_set_tstamp', 'C', 'ctx any any', 'int', ''],
  ['ima_file_hash'],
  ['kptr_xchg', 'XCSG', 'kptr btf0!', 'btf∅', 'acq rel'],
  ['map_lookup_percpu_elem', 'XCSG', 'map key any', 'value∅', 'pkt'],
  ['skc_to_mptcp_sock', 'XCSG', 'sk', 'btf∅', 'perfmon'],
  ['dynptr_from_mem', 'XCSG', 'umem sz0 any udyn', 'int', ''],
  ['ringbuf_reserve_dynptr', 'XCSG', 'map any any udyn.rb', 'int', ''],
  ['ringbuf_submit_dynptr', 'XCSG', 'dyn.rb! any', 'void', 'rel'],
  ['ringbuf_discard_dynptr', 'XCSG', 'dyn.rb! any', 'void', 'rel'],
  ['dynptr_read', 'XCSG', 'umem sz0 dyn any any', 'int', ''],
  ['dynptr_write', 'XCSG', 'dyn any mem sz0 any', 'int', ''],
  ['dynptr_data', 'XCSG', 'dyn any asz', 'mem∅', ''],
  ['tcp_raw_gen_syncookie_ipv4', 'XC', 'fix20 rwmem sz0', 'int', 'gpl pkt'],
  ['tcp_raw_gen_syncookie_ipv6', 'XC', 'fix40 rwmem sz0', 'int', 'gpl pkt'],
  ['tcp_raw_check_syncookie_ipv4', 'XC', 'fix20 fix20', 'int', 'gpl pkt'],
  ['tcp_raw_check_syncookie_ipv6', 'XC', 'fix40 fix20', 'int', 'gpl pkt'],
  ['ktime_get_tai_ns', 'XCSG', '', 'int', ''],
  ['user_ringbuf_drain', 'XCSG', 'map fn stk0 any', 'int', ''],
  ['cgrp_storage_get', 'XCSG', 'map btf0 val0 any', 'value∅', ''],
  ['cgrp_storage_delete', 'XCSG', 'map btf0', 'int', ''],
]

/** All helpers of Linux 6.18 by id. */
export const HELPERS: readonly Helper[] = ROWS.map(([name, callers, args, returns, flags], id) => ({
  id,
  name: `bpf_${name}`,
  ...(callers === undefined
    ? {}
    : {
        signature: {
          callers: [...callers] as HelperCaller[],
          args: words(args),
          returns: returns ?? '',
          flags: words(flags) as HelperFlag[],
        },
      }),
}))

const idByName = new Map(HELPERS.map(({ name, id }) => [name, id]))

/** Name of a helper with its `bpf_` prefix, or undefined when the kernel has none with this id. */
export function helperName(id: number): string | undefined {
  return HELPERS[id]?.name
}

/** Id of a helper by name, with or without `bpf_`. */
export function helperId(name: string): number | undefined {
  return idByName.get(name) ?? idByName.get(`bpf_${name}`)
}

function words(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(' ')
}
