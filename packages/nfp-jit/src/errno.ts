/** The errno values the driver returns, as positive numbers. */
export const ENOENT = 2
export const ENOMEM = 12
export const EFAULT = 14
export const EBUSY = 16
export const EINVAL = 22
export const ENOSPC = 28
export const ELOOP = 40
export const EOPNOTSUPP = 95
