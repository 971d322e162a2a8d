/** Every bpf() call (and the netlink requests around them) with attributes, errno and time, newest last. */

export interface Syscall {
  readonly sequence: number
  /** Nanoseconds of machine time. */
  readonly time: number
  /** `BPF_PROG_LOAD`, `BPF_MAP_CREATE`, … or `RTM_NEWLINK`, `RTM_NEWTFILTER`. */
  readonly command: string
  readonly attributes: Readonly<Record<string, string | number>>
  /** 0 or a positive errno. */
  readonly errno: number
  /** File descriptor or id that came back. */
  readonly result?: number
}

/** Calls that are kept; older ones go. */
const CAPACITY = 2000

export class SyscallLog {
  private entries: Syscall[] = []
  private sequence = 0
  /** Calls by command, all of them. */
  readonly counts = new Map<string, number>()

  add(time: number, command: string, attributes: Syscall['attributes'], errno: number, result?: number): void {
    this.sequence++
    this.counts.set(command, (this.counts.get(command) ?? 0) + 1)
    this.entries.push({
      sequence: this.sequence,
      time,
      command,
      attributes,
      errno: Math.abs(errno),
      ...(result !== undefined && { result }),
    })
    if (this.entries.length > CAPACITY * 2) this.entries = this.entries.slice(-CAPACITY)
  }

  list(): readonly Syscall[] {
    return this.entries.slice(-CAPACITY)
  }
}
