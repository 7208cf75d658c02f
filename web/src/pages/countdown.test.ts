import { expect, test } from "vitest";
import { timeLeft } from "./countdown";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [7 * DAY, "7 giorni", "7 days"],
  [DAY + HOUR, "1 giorno e 1 ora", "1 day and 1 hour"],
  [2 * DAY + 3 * HOUR + 59 * MINUTE, "2 giorni e 3 ore", "2 days and 3 hours"],
  [2 * DAY + 5 * MINUTE, "2 giorni", "2 days"],
  [DAY - MINUTE, "23 ore e 59 minuti", "23 hours and 59 minutes"],
  [HOUR, "1 ora", "1 hour"],
  [90_000, "2 minuti", "2 minutes"],
  [1, "1 minuto", "1 minute"],
])("%i ms are %s", (left, italian, english) => {
  expect(timeLeft(left, 0, "it")).toBe(italian);
  expect(timeLeft(left, 0, "en")).toBe(english);
});

test("a moment that has come has no time left", () => {
  expect(timeLeft(0, 0, "it")).toBeNull();
  expect(timeLeft(0, 1, "it")).toBeNull();
});
