/** The loop of small benches: a piece of work is repeated for half a second and its rate printed. */

const WARM_MS = 100
const COUNT_MS = 500

/** Heads the lines that follow. */
export function describe(name: string, body: () => void): void {
  console.log(name)
  body()
}

/** Prints how long one call of `work` takes. */
export function bench(name: string, work: () => void): void {
  const repeat = (ms: number): readonly [calls: number, took: number] => {
    const begun = performance.now()
    let calls = 0
    while (performance.now() - begun < ms) {
      work()
      calls++
    }
    return [calls, performance.now() - begun]
  }
  repeat(WARM_MS)
  const [calls, took] = repeat(COUNT_MS)
  console.log(
    `  ${name}: ${((took * 1000) / calls).toFixed(1)} µs a call, ${Math.round((calls * 1000) / took)} calls/s`,
  )
}
