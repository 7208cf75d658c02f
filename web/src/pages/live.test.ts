import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { live } from "./live";

const answer = (status: number, html = "") => ({
  status,
  ok: status === 200,
  text: async () => html,
});

function page(version: string, sentence: string): string {
  return `<title>${sentence}</title><main data-live="${version}" data-news="Novità: ${sentence}"><h1>${sentence}</h1></main><p id="news"></p>`;
}

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = page("v1", "In viaggio");
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a page that has not changed stays as it is", async () => {
  const fetch = vi.fn(async () => answer(304));
  vi.stubGlobal("fetch", fetch);
  const refreshed = vi.fn();
  live(document, refreshed);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fetch).toHaveBeenCalledWith(
    document.location.href,
    expect.objectContaining({ headers: { "If-None-Match": 'W/"v1"' } }),
  );
  expect(refreshed).not.toHaveBeenCalled();
  expect(document.querySelector("h1")?.textContent).toBe("In viaggio");
});

test("a new version takes the old one's place and is told", async () => {
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => answer(200, page("v2", "Arrivato"))),
  );
  const refreshed = vi.fn();
  live(document, refreshed);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(document.querySelector("h1")?.textContent).toBe("Arrivato");
  expect(document.querySelector("main")?.dataset.live).toBe("v2");
  expect(document.getElementById("news")?.textContent).toBe("Novità: Arrivato");
  expect(refreshed).toHaveBeenCalledOnce();
});

test("failed questions come ever more rarely and change nothing", async () => {
  const fetch = vi.fn(async () => answer(503));
  vi.stubGlobal("fetch", fetch);
  live(document, () => {});
  await vi.advanceTimersByTimeAsync(60_000 + 120_000);
  expect(fetch).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(fetch).toHaveBeenCalledTimes(2);
  expect(document.querySelector("h1")?.textContent).toBe("In viaggio");
});
