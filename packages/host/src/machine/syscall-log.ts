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
  /** Operations on elements of one map in a row are one entry: how many more there were, the last of them here. */
  readonly more?: number
}

/** Calls that are kept of each kind; older ones go. */
const CAPACITY = 2000

/** Operations on map elements, which come by the thousand, never push out the calls that make and load things. */
const isElement = (command: string): boolean => command.endsWith('_ELEM') || command === 'BPF_MAP_GET_NEXT_KEY'

export class SyscallLog {
  private objects: Syscall[] = []
  private elements: Syscall[] = []
  private sequence = 0
  /** Calls by command, all of them. */
  readonly counts = new Map<string, number>()

  add(time: number, command: string, attributes: Syscall['attributes'], errno: number, result?: number): void {
    this.sequence++
    this.counts.set(command, (this.counts.get(command) ?? 0) + 1)
    const entry = {
      sequence: this.sequence,
      time,
      command,
      attributes,
      errno: Math.abs(errno),
      ...(result !== undefined && { result }),
    }
    if (isElement(command)) this.addElement(entry)
    else this.objects = pushed(this.objects, entry)
  }

  private addElement(entry: Syscall): void {
    const last = this.elements.at(-1)
    const inARow =
      last?.command === entry.command &&
      last.errno === entry.errno &&
      last.attributes['map_id'] === entry.attributes['map_id'] &&
      last.attributes['key'] === entry.attributes['key']
    if (last && inARow) this.elements[this.elements.length - 1] = { ...entry, more: (last.more ?? 0) + 1 }
    else this.elements = pushed(this.elements, entry)
  }

  /** In order of time. */
  list(): readonly Syscall[] {
    return [...this.objects.slice(-CAPACITY), ...this.elements.slice(-CAPACITY)].sort((a, b) => a.sequence - b.sequence)
  }
}

/** With `entry` at the end; the oldest half goes when there are too many. */
function pushed(entries: Syscall[], entry: Syscall): Syscall[] {
  entries.push(entry)
  return entries.length > CAPACITY * 2 ? entries.slice(-CAPACITY) : entries
}
