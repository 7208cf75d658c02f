/**
 * What the customer pages gain from JavaScript. Everything works without it.
 *
 * - `<button hidden data-copy="TEXT" data-done="Copiato">` shows itself and copies the text.
 * - `<button hidden data-share="ADDRESS" data-title="…">` shows itself where the device can share.
 * - `<span data-countdown="2026-11-27T10:00:00Z" data-over="Scaduto">` holds the server's sentence
 *   and turns into "2 giorni e 3 ore", anew each minute.
 * - `<main data-live="VERSION">` asks for newer versions of itself (see live.ts).
 */
import { type Language, timeLeft } from "./countdown";
import { live } from "./live";

/** Nothing moves that need not: a countdown speaks in minutes. */
const TICK_MS = 30_000;
/** How long a button says that it has copied. */
const DONE_MS = 2_000;
/** The clock of the countdowns. */
let ticking: ReturnType<typeof setInterval> | undefined;

export function enhance(root: Document): void {
  const language: Language = root.documentElement.lang.startsWith("en") ? "en" : "it";

  if (navigator.clipboard) {
    for (const button of root.querySelectorAll<HTMLElement>("[data-copy]")) {
      const label = button.textContent;
      button.setAttribute("aria-live", "polite");
      button.hidden = false;
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(button.dataset.copy ?? "");
        } catch {
          return; // Refused by the browser: the text stands beside the button.
        }
        button.textContent = button.dataset.done ?? label;
        setTimeout(() => {
          button.textContent = label;
        }, DONE_MS);
      });
    }
  }

  if (typeof navigator.share === "function") {
    for (const button of root.querySelectorAll<HTMLElement>("[data-share]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        navigator
          .share({ title: button.dataset.title ?? root.title, url: button.dataset.share ?? "" })
          .catch(() => {}); // The person changed their mind.
      });
    }
  }

  const tick = () => {
    for (const element of root.querySelectorAll<HTMLElement>("[data-countdown]")) {
      const until = Date.parse(element.dataset.countdown ?? "");
      if (Number.isNaN(until)) {
        continue; // The server's sentence stays.
      }
      const text = timeLeft(until, Date.now(), language) ?? element.dataset.over ?? "";
      if (element.textContent !== text) {
        element.textContent = text;
      }
    }
  };
  tick();
  clearInterval(ticking);
  ticking = setInterval(tick, TICK_MS);
}

enhance(document);
live(document, () => enhance(document));
