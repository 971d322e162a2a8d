/**
 * The page's two long-lived workers. The first of each starts as soon as this small module runs, beside the page's own
 * code that is still being fetched (index.html asks for it first); later ones start when they are asked for.
 */
const MAKE = {
  compile: () => new Worker(new URL('./compile.worker.ts', import.meta.url), { type: 'module', name: 'compile' }),
  card: () => new Worker(new URL('./card.worker.ts', import.meta.url), { type: 'module', name: 'card' }),
} as const

export type WorkerName = keyof typeof MAKE

const waiting = new Map<WorkerName, Worker>()

for (const name of ['compile', 'card'] as const) {
  try {
    const worker = MAKE[name]()
    // One that could not start is not handed out: the next attempt fails where somebody listens.
    worker.addEventListener('error', () => waiting.delete(name), { once: true })
    waiting.set(name, worker)
  } catch {
    // No workers here; who asks for one is told.
  }
}

/** The worker of this name that is already loading, else a new one. Throws where the browser has none. */
export function startWorker(name: WorkerName): Worker {
  const ready = waiting.get(name)
  waiting.delete(name)
  return ready ?? MAKE[name]()
}
