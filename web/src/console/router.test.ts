import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const HERE = import.meta.dirname;
/** Loaded before anything is shown. */
const ALWAYS = ["common", "shell"];

/** The areas of words that a file and what it is made of speak in. */
function spoken(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) {
    return new Set();
  }
  seen.add(file);
  const text = readFileSync(file, "utf8");
  const own = [...text.matchAll(/useTranslation\(([^)]*)\)/g)].flatMap(([, asked = ""]) =>
    [...asked.matchAll(/"(\w+)"/g)].map(([, area = ""]) => area),
  );
  const parts = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)]
    .map(([, part = ""]) => join(dirname(file), part))
    .flatMap((part) => [`${part}.tsx`, `${part}.ts`].filter(existsSync).slice(0, 1));
  return new Set([...own, ...parts.flatMap((part) => [...spoken(part, seen)])]);
}

const pages = [
  ...readFileSync(join(HERE, "router.tsx"), "utf8").matchAll(
    /page\(\s*\(\) => import\("\.\/(pages\/[^"]+)"\),([^)]*)\)/g,
  ),
].map(([, file = "", areas = ""]) => ({
  file,
  areas: [...areas.matchAll(/"(\w+)"/g)].map(([, area = ""]) => area),
}));

test("every page of the console is looked at", () => {
  const inRouter = readFileSync(join(HERE, "router.tsx"), "utf8").match(/import\("\.\/pages\//g);
  expect(pages).toHaveLength(inRouter?.length ?? 0);
});

test.each(pages)("$file comes with all its words", ({ file, areas }) => {
  const needed = [...spoken(join(HERE, `${file}.tsx`))].filter((area) => !ALWAYS.includes(area));
  expect(areas.sort()).toEqual(needed.sort());
});
