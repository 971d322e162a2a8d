/** A failure of translation: the driver's errno, and what it writes to the kernel log before its last line. */
export class TranslateError extends Error {
  readonly errno: number
  /** Lines of the kernel log without prefix; often none. */
  readonly lines: readonly string[]

  constructor(errno: number, lines: readonly string[] = []) {
    super(lines.at(-1) ?? `errno ${errno}`)
    this.name = 'TranslateError'
    this.errno = errno
    this.lines = lines
  }
}
