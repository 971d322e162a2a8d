/**
 * Local CSRs of a microengine by byte address, with the names binutils prints. Follows nfp-isa.md, section 10.
 */

/** Byte address to name. */
export const CSR_NAMES: ReadonlyMap<number, string> = new Map([
  [0x000, 'UstorAddr'],
  [0x004, 'UstorDataLwr'],
  [0x008, 'UstorDataUpr'],
  [0x00c, 'UstorErrStat'],
  [0x010, 'ALUOut'],
  [0x014, 'CtxArbCtrl'],
  [0x018, 'CtxEnables'],
  [0x01c, 'CondCodeEn'],
  [0x020, 'CSRCtxPtr'],
  [0x024, 'PcBreakpoint0'],
  [0x028, 'PcBreakpoint1'],
  [0x02c, 'PcBreakpointStatus'],
  [0x030, 'RegErrStatus'],
  [0x034, 'LMErrStatus'],
  [0x038, 'LMeccErrorMask'],
  [0x040, 'IndCtxStatus'],
  [0x044, 'ActCtxStatus'],
  [0x048, 'IndCtxSglEvt'],
  [0x04c, 'ActCtxSglEvt'],
  [0x050, 'IndCtxWkpEvt'],
  [0x054, 'ActCtxWkpEvt'],
  [0x058, 'IndCtxFtrCnt'],
  [0x05c, 'ActCtxFtrCnt'],
  [0x060, 'IndLMAddr0'],
  [0x064, 'ActLMAddr0'],
  [0x068, 'IndLMAddr1'],
  [0x06c, 'ActLMAddr1'],
  [0x070, 'ByteIndex'],
  [0x074, 'XferIndex'],
  [0x078, 'IndFtrCntSgl'],
  [0x07c, 'ActFtrCntSgl'],
  [0x080, 'NNPut'],
  [0x084, 'NNGet'],
  [0x090, 'IndLMAddr2'],
  [0x094, 'ActLMAddr2'],
  [0x098, 'IndLMAddr3'],
  [0x09c, 'ActLMAddr3'],
  [0x0a0, 'IndLMAddr2BytIdx'],
  [0x0a4, 'ActLMAddr2BytIdx'],
  [0x0a8, 'IndLMAddr3BytIdx'],
  [0x0ac, 'ActLMAddr3BytIdx'],
  [0x0b0, 'IndPredCC'],
  [0x0c0, 'TimestampLow'],
  [0x0c4, 'TimestampHigh'],
  [0x0e0, 'IndLMAddr0BytIdx'],
  [0x0e4, 'ActLMAddr0BytIdx'],
  [0x0e8, 'IndLMAddr1BytIdx'],
  [0x0ec, 'ActLMAddr1BytIdx'],
  [0x0f4, 'XfrAndBytIdx'],
  [0x100, 'NxtNghbrSgl'],
  [0x104, 'PrvNghbrSgl'],
  [0x108, 'SameMESignal'],
  [0x140, 'CRCRemainder'],
  [0x144, 'ProfileCnt'],
  [0x148, 'PseudoRndNum'],
  [0x160, 'MiscControl'],
  [0x164, 'PcBreakpoint0Mask'],
  [0x168, 'PcBreakpoint1Mask'],
  [0x170, 'Mailbox0'],
  [0x174, 'Mailbox1'],
  [0x178, 'Mailbox2'],
  [0x17c, 'Mailbox3'],
  [0x190, 'CmdIndirectRef0'],
])

/** The name of a local CSR, or its byte address in hex. */
export function csrName(address: number): string {
  return CSR_NAMES.get(address) ?? `0x${address.toString(16)}`
}

/** The byte address for a name or hex number, or undefined. */
export function csrAddress(name: string): number | undefined {
  for (const [address, known] of CSR_NAMES) if (known === name) return address
  return /^0x[0-9a-f]+$/.test(name) ? Number.parseInt(name, 16) : undefined
}
