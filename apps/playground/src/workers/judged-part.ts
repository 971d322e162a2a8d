/** The part of a document that its verdict and its words depend on; captures and maps stay with the page. */
import type { SessionDocument } from '@offload/session'

export type JudgedPart = Pick<SessionDocument, 'source' | 'firmware' | 'kernel' | 'capabilities' | 'passesOff'>

export function judgedPart({ source, firmware, kernel, capabilities, passesOff }: SessionDocument): JudgedPart {
  return {
    source,
    firmware,
    kernel,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(passesOff === undefined ? {} : { passesOff }),
  }
}

export function sameJudgedPart(a: SessionDocument, b: SessionDocument): boolean {
  return (
    a.source === b.source &&
    a.firmware === b.firmware &&
    a.kernel === b.kernel &&
    a.capabilities === b.capabilities &&
    a.passesOff === b.passesOff
  )
}
