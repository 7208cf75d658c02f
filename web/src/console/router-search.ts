/** A query as plain text both ways: `?q=12` is the text "12". */
export function readSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

/** The other way; what is absent or empty is left out. */
export function writeSearch(search: Record<string, unknown>): string {
  const kept = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") {
      kept.set(name, String(value));
    }
  }
  const text = kept.toString();
  return text ? `?${text}` : "";
}
