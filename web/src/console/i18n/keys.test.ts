import { expect, test } from "vitest";

const files = import.meta.glob<Record<string, unknown>>("./{it,en}/*.json", {
  eager: true,
  import: "default",
});

function keys(texts: Record<string, unknown>, before = ""): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "string"
      ? [before + key]
      : keys(value as Record<string, unknown>, `${before}${key}.`),
  );
}

const areas = [...new Set(Object.keys(files).map((file) => file.slice("./it/".length)))];

test.each(areas)("%s says the same things in both languages", (area) => {
  const [it, en] = [files[`./it/${area}`], files[`./en/${area}`]];
  expect(it, `it/${area} is missing`).toBeDefined();
  expect(en, `en/${area} is missing`).toBeDefined();
  // Italian has a form of its own for whole millions.
  const names = (texts = {}) =>
    keys(texts)
      .filter((key) => !key.endsWith("_many"))
      .sort();
  expect(names(en)).toEqual(names(it));
});

test.each(Object.entries(files))("%s leaves nothing empty", (_, texts) => {
  const empty = Object.entries(flat(texts)).filter(([, text]) => text.trim() === "");
  expect(empty).toEqual([]);
});

test.each(areas)("%s names the same values in both languages", (area) => {
  const [it, en] = [flat(files[`./it/${area}`] ?? {}), flat(files[`./en/${area}`] ?? {})];
  for (const [key, text] of Object.entries(it).filter(([key]) => !key.endsWith("_many"))) {
    expect([key, holes(en[key] ?? "")]).toEqual([key, holes(text)]);
  }
});

function flat(texts: Record<string, unknown>, before = ""): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(texts).map(([key, value]) =>
      typeof value === "string"
        ? { [before + key]: value }
        : flat(value as Record<string, unknown>, `${before}${key}.`),
    ),
  );
}

function holes(text: string): string[] {
  return [...new Set(text.match(/\{\{[^}]+\}\}/g) ?? [])].sort();
}
