import { useTranslation } from "react-i18next";

/** The languages of the console. */
export type Lang = "it" | "en";

/** A text that the program says in both languages. */
export interface Said {
  it: string;
  en: string;
}

/** The language in use. */
export function useLang(): Lang {
  const { i18n } = useTranslation();
  return i18n.language === "en" ? "en" : "it";
}

/** What the program said, in the language in use. */
export function said(lang: Lang, text: Said | null | undefined): string {
  return text ? text[lang] : "";
}

/** A field that comes once a language: `pick("it", row, "title")` reads `title_it`. */
export function pick<K extends string>(
  lang: Lang,
  from: { [Name in `${K}_${Lang}`]?: string | null | undefined },
  name: K,
): string {
  return from[`${name}_${lang}`] ?? "";
}
