import i18next, { type BackendModule, type ReadCallback } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Lang } from "./lang";

const KEPT = "dopo.language";

/** One file an area and a language, loaded when a page first needs it. */
const files = import.meta.glob<Record<string, unknown>>("./{it,en}/*.json", { import: "default" });

const backend: BackendModule = {
  type: "backend",
  init() {},
  read(language: string, area: string, done: ReadCallback) {
    const load = files[`./${language}/${area}.json`];
    if (!load) {
      done(new Error(`no texts for ${area} in ${language}`), null);
      return;
    }
    load().then(
      (texts) => done(null, texts as never),
      (error: Error) => done(error, null),
    );
  },
};

/** What the person chose here, else what their browser asks for, else Italian. */
export function firstLanguage(kept: string | null, asked: readonly string[]): Lang {
  if (kept === "it" || kept === "en") {
    return kept;
  }
  const first = asked.find((name) => /^(it|en)\b/i.test(name));
  return first?.toLowerCase().startsWith("en") ? "en" : "it";
}

/** Loads the first words. */
export async function startWords(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: firstLanguage(localStorage.getItem(KEPT), navigator.languages),
      supportedLngs: ["it", "en"],
      fallbackLng: false,
      ns: ["common", "shell"],
      defaultNS: "common",
      interpolation: { escapeValue: false },
      returnNull: false,
    });
}

/** Changes the language and keeps it in this browser. */
export async function speak(language: Lang): Promise<void> {
  localStorage.setItem(KEPT, language);
  await i18next.changeLanguage(language);
}
