/** Linux error numbers that programs, maps and system calls give; positive here, negated where the kernel returns them. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  EBADFD: 77,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  ENOTSOCK: 88,
  EOVERFLOW: 75,
  ETIMEDOUT: 110,
  ENOTSUPP: 524,
} as const

const TEXTS: Readonly<Record<number, string>> = {
  1: 'Operation not permitted',
  2: 'No such file or directory',
  5: 'Input/output error',
  7: 'Argument list too long',
  9: 'Bad file descriptor',
  11: 'Resource temporarily unavailable',
  12: 'Cannot allocate memory',
  13: 'Permission denied',
  14: 'Bad address',
  16: 'Device or resource busy',
  17: 'File exists',
  19: 'No such device',
  22: 'Invalid argument',
  28: 'No space left on device',
  34: 'Numerical result out of range',
  75: 'Value too large for defined data type',
  77: 'File descriptor in bad state',
  88: 'Socket operation on non-socket',
  90: 'Message too long',
  95: 'Operation not supported',
  110: 'Connection timed out',
  524: 'Unknown error 524',
}

/** The C library's text for an error number (sign ignored). */
export function errnoText(errno: number): string {
  const positive = Math.abs(errno)
  return TEXTS[positive] ?? `Unknown error ${positive}`
}

/** `EINVAL` for 22 or −22; the number where it has no name here. */
export function errnoName(errno: number): string {
  const positive = Math.abs(errno)
  return Object.entries(ERRNO).find(([, value]) => value === positive)?.[0] ?? String(positive)
}
