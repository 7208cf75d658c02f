import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { enhance } from "./main";

const NOW = Date.parse("2026-11-22T10:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function page(html: string, language = "it"): Document {
  document.documentElement.lang = language;
  document.body.innerHTML = html;
  enhance(document);
  return document;
}

function only(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector);
  if (element === null) {
    throw new Error(`the page has no ${selector}`);
  }
  return element;
}

test("a copy button shows itself, copies, says so and then goes back", async () => {
  const writeText = vi.fn(async () => {});
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  page(`<button hidden data-copy="1Z99" data-done="Copiato">Copia</button>`);
  const button = only("button");
  expect(button.hidden).toBe(false);
  button.click();
  await vi.advanceTimersByTimeAsync(0);
  expect(writeText).toHaveBeenCalledWith("1Z99");
  expect(button.textContent).toBe("Copiato");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(button.textContent).toBe("Copia");
});

test("a refused copy changes nothing", async () => {
  const writeText = vi.fn(async () => Promise.reject(new Error("denied")));
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  page(`<button hidden data-copy="1Z99" data-done="Copiato">Copia</button>`);
  only("button").click();
  await vi.advanceTimersByTimeAsync(0);
  expect(only("button").textContent).toBe("Copia");
});

test("buttons that the browser cannot serve stay hidden", () => {
  vi.stubGlobal("navigator", {});
  page(
    `<button hidden data-copy="x" id="a"></button><button hidden data-share="/" id="b"></button>`,
  );
  expect(only("#a").hidden).toBe(true);
  expect(only("#b").hidden).toBe(true);
});

test("a share button hands over its own address and title", () => {
  const share = vi.fn(async () => {});
  vi.stubGlobal("navigator", { share });
  page(
    `<button hidden data-share="https://shop.example/t" data-title="Il tuo pacco">Invia</button>`,
  );
  only("button").click();
  expect(share).toHaveBeenCalledWith({ title: "Il tuo pacco", url: "https://shop.example/t" });
});

test("a countdown counts in minutes and says when it is over", () => {
  page(`<span data-countdown="2026-11-22T10:02:00Z" data-over="Scaduto">alle 11:02</span>`);
  expect(only("span").textContent).toBe("2 minuti");
  vi.advanceTimersByTime(60_000);
  expect(only("span").textContent).toBe("1 minuto");
  vi.advanceTimersByTime(60_000);
  expect(only("span").textContent).toBe("Scaduto");
});

test("a countdown speaks the page's language", () => {
  page(`<span data-countdown="2026-11-23T12:00:00Z">until Monday</span>`, "en");
  expect(only("span").textContent).toBe("1 day and 2 hours");
});

test("a date that cannot be read leaves the server's sentence", () => {
  page(`<span data-countdown="domani">fino a lunedì</span>`);
  expect(only("span").textContent).toBe("fino a lunedì");
});
