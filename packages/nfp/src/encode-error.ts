/**
 * The error every encoder of this package throws, with a stable code.
 *
 * `message` is the text the nfp driver writes to the kernel log in the same situation, where it has one (nfp-jit.md,
 * section 21); the driver's errno is always EFAULT.
 */
export type EncodeErrorCode =
  | 'same-kind'
  | 'immediate-too-large'
  | 'lm-offset-too-large'
  | 'lm-mode'
  | 'bad-operand'
  | 'cmd-swap'
  | 'cmd-lmextn'
  | 'indirect-rotate'
  | 'shift-range'
  | 'defer-range'
  | 'field-range'
  | 'not-branch'
  | 'not-immed'

export class EncodeError extends Error {
  readonly code: EncodeErrorCode
  /** The errno the driver returns for it. */
  readonly errno = 'EFAULT'

  constructor(code: EncodeErrorCode, message: string) {
    super(message)
    this.name = 'EncodeError'
    this.code = code
  }
}
