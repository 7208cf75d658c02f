/** How figures with a unit are written, in charts and beside them. */

import type { Lang } from "../i18n/lang";
import { type Format, formats } from "../ui/format";

/** What a figure is measured in; as the API says it. */
export type Unit = "seconds" | "ratio" | "count" | "cents";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const kept = new Map<Lang, Format>();

function of(lang: Lang): Format {
  const format = kept.get(lang) ?? formats(lang);
  kept.set(lang, format);
  return format;
}

/** A whole number. */
export function count(value: number, lang: Lang): string {
  return of(lang).number(value);
}

/** A share as percent; a decimal only where there is one. Italian sets a space that does not break before the sign. */
export function ratio(value: number, lang: Lang, digits = 1): string {
  return of(lang)
    .percent(value, digits)
    .replace(/\s*%/, lang === "it" ? "\u00a0%" : "%");
}

/** A span of time in its two largest parts: `3 min`, `1 h 20 min`, `2 g 4 h`. */
export function span(seconds: number, lang: Lang): string {
  if (seconds < MINUTE) {
    return `${Math.round(seconds)}\u00a0s`;
  }
  const minutes = Math.round(seconds / MINUTE);
  const hours = Math.round(seconds / HOUR);
  const parts = (big: number, unit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big}\u00a0${unit}` : `${big}\u00a0${unit} ${small}\u00a0${smallUnit}`;
  if (minutes < 60) {
    return `${minutes}\u00a0min`;
  }
  if (seconds < 2 * DAY) {
    return parts(Math.floor(minutes / 60), "h", minutes % 60, "min");
  }
  return parts(Math.floor(hours / 24), lang === "it" ? "g" : "d", hours % 24, "h");
}

/** A figure in its unit; `null` is unknown and is called so by the caller, never shown as zero. */
export function figure(value: number, unit: Unit, lang: Lang): string {
  switch (unit) {
    case "seconds":
      return span(value, lang);
    case "ratio":
      return ratio(value, lang);
    case "cents":
      return of(lang).money({ cents: value, currency: "EUR" });
    case "count":
      return count(value, lang);
  }
}

/** A figure for an axis: short. */
export function axisFigure(value: number, unit: Unit, lang: Lang): string {
  if (unit === "cents") {
    return `${count(Math.round(value / 100), lang)}\u00a0€`;
  }
  return unit === "ratio" ? ratio(value, lang, 0) : figure(value, unit, lang);
}

/** Marks an axis has at most, zero not counted. */
const MARKS_MAX = 5;
const SECONDS_STEPS = [1, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR];

/** A step for an axis whose marks read well: 1, 2 or 5 times a power of ten, or whole minutes, hours, days. */
export function axisStep(highest: number, unit: Unit): number {
  if (unit === "seconds") {
    const usual = SECONDS_STEPS.find((step) => highest / step <= MARKS_MAX);
    return usual ?? Math.ceil(highest / DAY / MARKS_MAX) * DAY;
  }
  const least = unit === "count" ? 1 : unit === "cents" ? 100 : 0.01;
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, least) / MARKS_MAX));
  const step = [1, 2, 5, 10].find((times) => highest / (times * power) <= MARKS_MAX) ?? 10;
  return Math.max(least, step * power);
}

/** The change against the span before: in points for shares, relative for the rest. */
export function change(value: number, previous: number, unit: Unit, lang: Lang): string | null {
  const sign = (figure: number) => (figure > 0 ? "+" : figure < 0 ? "−" : "");
  if (unit === "ratio") {
    const points = Math.round((value - previous) * 1000) / 10;
    return `${sign(points)}${of(lang).number(Math.abs(points), 1)} pt`;
  }
  if (previous === 0) {
    return null;
  }
  const share = Math.round(((value - previous) / previous) * 100) / 100;
  return `${sign(share)}${ratio(Math.abs(share), lang, 0)}`;
}

const LOCALES: Record<Lang, string> = { it: "it-IT", en: "en-GB" };

/** A calendar day such as `2026-11-22`, read as that day wherever one is. */
export function day(iso: string, lang: Lang, form: "short" | "long" = "short"): string {
  const at = new Date(`${iso}T12:00:00Z`);
  if (Number.isNaN(at.getTime())) {
    return iso;
  }
  return new Intl.DateTimeFormat(LOCALES[lang], {
    timeZone: "UTC",
    ...(form === "short"
      ? { day: "numeric", month: "short" }
      : { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  }).format(at);
}
