/**
 * The running kernel as an oracle, where there is one that may be asked: bpf(2) allowed, and the shared kernel-oracle
 * program beside the checkout. Tests that use it say so when it is absent and go on without. Node only.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export interface OracleRun {
  readonly errno: number
  readonly retval: number
  readonly data_out: string
  readonly duration?: number
  readonly maps?: readonly (readonly (readonly [string, string])[] | null)[]
}

export interface OracleAnswer {
  readonly verdict: 'accept' | 'reject' | 'error'
  readonly errno: number
  readonly log: string
  readonly runs?: readonly OracleRun[]
}

export interface KernelOracle {
  readonly hello: { readonly kernel: string }
  ask(request: Readonly<Record<string, unknown>>): Promise<OracleAnswer>
  close(): Promise<unknown>
}

/** The kernel of this machine, or undefined with a line that says why. `OFFLOAD_ORACLE` names another place of its wrapper. */
export async function kernelOracle(options: { readonly noPerfmon?: boolean } = {}): Promise<KernelOracle | undefined> {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
  const wrapper = process.env['OFFLOAD_ORACLE'] ?? path.resolve(root, '../shared/tools/kernel-oracle/oracle.mjs')
  if (!existsSync(wrapper)) {
    console.log('live kernel not asked: the kernel-oracle program is absent')
    return undefined
  }
  try {
    const { Oracle } = (await import(pathToFileURL(wrapper).href)) as {
      Oracle: { start(options: { noPerfmon?: boolean }): Promise<KernelOracle> }
    }
    return await Oracle.start(options)
  } catch (error) {
    console.log(`live kernel not asked: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
