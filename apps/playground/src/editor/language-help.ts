/** Hover and completion of BPF assembly; the words come from `@offload/bpf`. */
import type { Monaco } from './monaco'

export function registerLanguageHelp(_monaco: Monaco): void {}
