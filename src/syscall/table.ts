/** Reads one of the texts in tables.ts: the names at the index of their numbers, with holes. */
export function parseTable(text: string): readonly string[] {
  const names: string[] = []
  let next = 0
  for (const word of text.trim().split(/\s+/)) {
    if (/^\d+$/.test(word)) next = Number(word)
    else names[next++] = word
  }
  return names
}
