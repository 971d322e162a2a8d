/** Looking a word from outside up in a table: names that every object inherits (`constructor`, …) are not in it. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
