/**
 * The live kernel, where it can be asked (`OFFLOAD_ORACLE` names the folder of its wrapper; default: beside the checkout).
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export interface KernelAnswer {
  readonly verdict: string
  readonly errno: number
  readonly log: string
}
export interface Kernel {
  ask(question: Readonly<Record<string, unknown>>): Promise<KernelAnswer>
  close(): Promise<unknown>
}

const FOLDER =
  process.env['OFFLOAD_ORACLE'] ?? fileURLToPath(new URL('../../../../shared/tools/kernel-oracle', import.meta.url))

/** One of the wrapper's modules, or undefined where it is absent. */
export async function oracleModule(name: string): Promise<Record<string, unknown> | undefined> {
  const file = path.join(FOLDER, name)
  return existsSync(file) ? ((await import(pathToFileURL(file).href)) as Record<string, unknown>) : undefined
}

/** `restricted`: asks with CAP_BPF and CAP_NET_ADMIN only. Undefined, with a line that says so, where nobody can be asked. */
export async function liveKernel(restricted = false): Promise<Kernel | undefined> {
  try {
    const module = await oracleModule('oracle.mjs')
    if (module) {
      const { Oracle } = module as { Oracle: { start(options: { noPerfmon: boolean }): Promise<Kernel> } }
      return await Oracle.start({ noPerfmon: restricted })
    }
  } catch (e) {
    if ((e as { code?: string }).code !== 'BPF_UNAVAILABLE') throw e
  }
  console.log('the live kernel cannot be asked here: its part is left out')
  return undefined
}

/** Verification time by the kernel's own account (log level 4), in ms. */
export const verificationTime = (answer: KernelAnswer): number =>
  Number(/verification time (\d+)/.exec(answer.log)?.[1]) / 1000
