import { expect, test } from "vitest";
import { firstLanguage } from "./start";

test("what was chosen goes before what the browser asks for", () => {
  expect(firstLanguage("en", ["it-IT"])).toBe("en");
  expect(firstLanguage(null, ["en-GB", "it"])).toBe("en");
  expect(firstLanguage(null, ["fr-FR", "it"])).toBe("it");
  expect(firstLanguage(null, ["de"])).toBe("it");
  expect(firstLanguage("xx", [])).toBe("it");
});
