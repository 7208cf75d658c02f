/** How often a page that is looked at asks for news, in milliseconds. */
const EVERY_MS = 60_000;
/** Coming back to the page asks at once, unless it asked within this time, in milliseconds. */
const SOON_MS = 15_000;
/** The longest pause after failed questions, in milliseconds. */
const PAUSE_MAX_MS = 15 * 60_000;

/**
 * `<main data-live="VERSION" data-news="…">`: asks for the same page now and then, naming the version it shows. When
 * there is a new one, its main part takes the old one's place and the news are told to screen readers. Nothing is
 * replaced while somebody is typing, and nobody is asked while the page is hidden.
 */
export function live(root: Document, refreshed: () => void): void {
  const main = () => root.querySelector<HTMLElement>("main[data-live]");
  if (main() === null || typeof fetch !== "function") {
    return;
  }
  let asked = Date.now();
  let pause = EVERY_MS;

  const ask = async () => {
    const shown = main();
    if (
      shown === null ||
      root.hidden ||
      shown.contains(root.activeElement?.closest("form") ?? null)
    ) {
      return;
    }
    asked = Date.now();
    try {
      const answer = await fetch(root.location.href, {
        headers: { "If-None-Match": `W/"${shown.dataset.live}"` },
        cache: "no-store",
        credentials: "omit",
      });
      if (answer.status === 304) {
        pause = EVERY_MS;
        return;
      }
      if (!answer.ok) {
        throw new Error();
      }
      pause = EVERY_MS;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = next.querySelector<HTMLElement>("main");
      if (fresh === null || fresh.dataset.live === shown.dataset.live) {
        return;
      }
      shown.replaceWith(root.adoptNode(fresh));
      root.title = next.title;
      const news = root.getElementById("news");
      if (news !== null) {
        news.textContent = fresh.dataset.news ?? "";
      }
      refreshed();
    } catch {
      pause = Math.min(pause * 2, PAUSE_MAX_MS);
    }
  };

  const wait = () => {
    setTimeout(async () => {
      await ask();
      wait();
    }, pause);
  };
  wait();
  root.addEventListener("visibilitychange", () => {
    if (!root.hidden && Date.now() - asked > SOON_MS) {
      ask();
    }
  });
}
