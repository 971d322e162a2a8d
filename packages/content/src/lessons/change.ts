/** Writes a variant of a program: `from` must stand in it exactly once, so that a lesson never drifts from its text. */
export function change(source: string, from: string, to: string): string {
  const parts = source.split(from)
  if (parts.length !== 2) throw new Error(`"${from}" stands ${parts.length - 1} times in the program`)
  return parts.join(to)
}
