/**
 * Cuts source text into coloured pieces, for the editor and for every listing. Looks only: what a piece means is the
 * assembler's business. Knows both BPF dialects, NFP disassembly and enough of C for reading.
 */

export type PieceKind = 'key' | 'num' | 'fn' | 'com' | 'type' | 'str' | 'plain'

export interface Piece {
  readonly kind: PieceKind
  readonly start: number
  readonly end: number
}

/** One alternative a kind; the first that matches at a place wins. */
const BPF = new RegExp(
  [
    String.raw`(?<com>;(?![^{}\n]*\}).*$|\/\/.*$|#(?!\d).*$)`,
    String.raw`(?<str>"[^"]*")`,
    String.raw`(?<type>\b[us](?:8|16|32|64)\b)`,
    String.raw`(?<fn>\bbpf_\w+|^\s*[\w.$]+:(?!\w))`,
    String.raw`(?<key>(?:^|(?<=\s))\.\w+|\b(?:goto|gotol|if|call|exit|lock|ll|may_goto|be16|be32|be64|le16|le32|le64|bswap16|bswap32|bswap64|atomic_fetch_\w+|cmpxchg_64|xchg_64|ldx\w+|stx\w+|st[bhw]\w*|st(?:dw|w|h|b)|ld(?:dw|w|h|b)\w*|j(?:a|eq|ne|gt|ge|lt|le|set|sgt|sge|slt|sle)(?:32)?|mov\w*|add\w*|sub\w*|mul\w*|div\w*|mod\w*|or(?:32)?|and(?:32)?|xor(?:32)?|lsh\w*|rsh\w*|arsh\w*|neg(?:32)?)\b)`,
    String.raw`(?<num>(?<![\w%])-?(?:0x[0-9a-fA-F]+|0b[01]+|\d+)\b)`,
    String.raw`(?<plain>[\w.$%]+)`,
  ].join('|'),
  'gm',
)

const C = new RegExp(
  [
    String.raw`(?<com>\/\/.*$|\/\*.*?\*\/)`,
    String.raw`(?<str>"[^"]*")`,
    String.raw`(?<key>\b(?:struct|return|if|else|int|void|unsigned|char|long|enum|static|const|for|while|goto|sizeof)\b|#\w+)`,
    String.raw`(?<type>\b__\w?(?:8|16|32|64)\b|\b(?:xdp_md|__sk_buff|ethhdr|iphdr|udphdr|tcphdr)\b)`,
    String.raw`(?<fn>\b\w+(?=\())`,
    String.raw`(?<num>\b(?:0x[0-9a-fA-F]+|\d+|[A-Z][A-Z0-9_]{2,})\b)`,
    String.raw`(?<plain>\w+)`,
  ].join('|'),
  'gm',
)

const NFP = new RegExp(
  [
    String.raw`(?<plain>^\s*\.?\w+)`,
    String.raw`(?<com>, (?:gpr_wrboth|no_cc|predicate_cc))`,
    String.raw`(?<type>\b(?:gpr[AB]_\d+|\$\w+|\*[\w$]+\S*)\b)`,
    String.raw`(?<key>\b(?:ctx_swap|defer|sig_done)\b)`,
    String.raw`(?<num>\b(?:0x[0-9a-f]+|\d+)\b)`,
  ].join('|'),
  'gm',
)

const GRAMMARS = { bpf: BPF, c: C, nfp: NFP } as const

export type Grammar = keyof typeof GRAMMARS

/** Pieces of one line in order, not overlapping; text between them is plain. */
export function highlight(line: string, grammar: Grammar): Piece[] {
  const pieces: Piece[] = []
  const pattern = GRAMMARS[grammar]
  pattern.lastIndex = 0
  for (const match of line.matchAll(pattern)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] as PieceKind | undefined
    if (kind !== undefined && kind !== 'plain' && match[0].length > 0)
      pieces.push({ kind, start: match.index, end: match.index + match[0].length })
  }
  return pieces
}
