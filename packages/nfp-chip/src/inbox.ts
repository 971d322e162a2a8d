/** A frame in the inbox of the functional model: words of its head (`…F` floats); its bytes follow, padded to 8. */
export const INBOX_FRAME = { numberF: 0, offeredF: 2, port: 4, length: 5, data: 6 } as const
