import { useMemo } from "react";
import { present } from "../api/clock";
import type { Money } from "../api/types";
import { type Lang, useLang } from "../i18n/lang";

/** Hours stand as the shop's clock shows them unless said otherwise. */
const ZONE = "Europe/Rome";
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Everything that turns a value into words of a language. */
export interface Format {
  number: (value: number, digits?: number) => string;
  /** A ratio, 0 to 1, as percent. */
  percent: (ratio: number, digits?: number) => string;
  money: (value: Money) => string;
  /** "venerdì 27 novembre"; with the year when it is another. */
  date: (at: string | Date) => string;
  /** "27 nov 2026" */
  day: (at: string | Date) => string;
  /** "14:05" */
  time: (at: string | Date) => string;
  /** "27 nov, 14:05"; with the year when it is another. */
  dateTime: (at: string | Date) => string;
  /** "3 ore fa"; beyond a week the day. */
  relative: (at: string | Date, now?: Date) => string;
  /** Seconds as "2 h 5 min". */
  span: (seconds: number) => string;
  list: (words: string[]) => string;
  bytes: (bytes: number) => string;
}

const LOCALES: Record<Lang, string> = { it: "it-IT", en: "en-GB" };

/** A day without an hour stands for its noon, so that no zone makes it another day. */
function moment(at: string | Date): Date {
  return typeof at === "string"
    ? new Date(/^\d{4}-\d{2}-\d{2}$/.test(at) ? `${at}T12:00:00Z` : at)
    : at;
}

/** Makes the formats of a language. */
export function formats(lang: Lang, zone: string = ZONE): Format {
  const locale = LOCALES[lang];
  const dates = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
  const weekday = dates({ weekday: "long", day: "numeric", month: "long" });
  const weekdayYear = dates({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const day = dates({ day: "numeric", month: "short", year: "numeric" });
  const dayShort = dates({ day: "numeric", month: "short" });
  const clock = dates({ hour: "2-digit", minute: "2-digit" });
  const year = dates({ year: "numeric" });
  const list = new Intl.ListFormat(locale, { type: "conjunction" });
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const thisYear = (at: Date) => year.format(at) === year.format(present());

  const format: Format = {
    number: (value, digits = 0) =>
      new Intl.NumberFormat(locale, {
        maximumFractionDigits: digits,
        useGrouping: "always",
      }).format(value),
    percent: (ratio, digits = 1) =>
      new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits }).format(
        ratio,
      ),
    money: ({ cents, currency }) =>
      new Intl.NumberFormat(locale, {
        style: "currency",
        currency,
        useGrouping: "always",
      }).format(cents / 100),
    date: (at) => {
      const then = moment(at);
      return (thisYear(then) ? weekday : weekdayYear).format(then);
    },
    day: (at) => day.format(moment(at)),
    time: (at) => clock.format(moment(at)),
    dateTime: (at) => {
      const then = moment(at);
      return `${(thisYear(then) ? dayShort : day).format(then)}, ${clock.format(then)}`;
    },
    relative: (at, now = present()) => {
      const then = moment(at);
      const seconds = Math.round((then.getTime() - now.getTime()) / 1000);
      const size = Math.abs(seconds);
      if (size < MINUTE_S) {
        return ago.format(0, "second");
      }
      if (size < HOUR_S) {
        return ago.format(Math.trunc(seconds / MINUTE_S), "minute");
      }
      if (size < DAY_S) {
        return ago.format(Math.trunc(seconds / HOUR_S), "hour");
      }
      if (size < 7 * DAY_S) {
        return ago.format(Math.trunc(seconds / DAY_S), "day");
      }
      return format.day(then);
    },
    span: (seconds) => {
      const s = Math.round(seconds);
      if (s < MINUTE_S) {
        return `${s} s`;
      }
      if (s < HOUR_S) {
        return `${Math.round(s / MINUTE_S)} min`;
      }
      const parts = s < 2 * DAY_S ? [HOUR_S, MINUTE_S] : [DAY_S, HOUR_S];
      const units = s < 2 * DAY_S ? ["h", "min"] : [lang === "it" ? "g" : "d", "h"];
      const big = Math.floor(s / (parts[0] ?? 1));
      const small = Math.round((s % (parts[0] ?? 1)) / (parts[1] ?? 1));
      return small > 0 ? `${big} ${units[0]} ${small} ${units[1]}` : `${big} ${units[0]}`;
    },
    list: (words) => list.format(words),
    bytes: (bytes) => {
      const units = ["B", "kB", "MB", "GB", "TB"];
      let value = bytes;
      let unit = 0;
      while (value >= 1000 && unit < units.length - 1) {
        value /= 1000;
        unit += 1;
      }
      return `${format.number(value, unit > 1 ? 1 : 0)} ${units[unit]}`;
    },
  };
  return format;
}

const made = new Map<Lang, Format>();

/** The formats of the language in use. */
export function useFormat(): Format {
  const lang = useLang();
  return useMemo(() => {
    const known = made.get(lang) ?? formats(lang);
    made.set(lang, known);
    return known;
  }, [lang]);
}

/** An amount: `52,00 €`. */
export function MoneyText({ value }: { value: Money }) {
  return <span className="nowrap">{useFormat().money(value)}</span>;
}

/** A time: relative unless said; the exact one stands in its title. */
export function Time({
  at,
  kind = "relative",
}: {
  at: string;
  kind?: "relative" | "short" | "long" | "day" | "time";
}) {
  const format = useFormat();
  const exact = `${format.day(at)}, ${format.time(at)}`;
  const text = {
    relative: format.relative,
    short: format.dateTime,
    long: (when: string) => `${format.date(when)}, ${format.time(when)}`,
    day: format.day,
    time: format.time,
  }[kind](at);
  return (
    <time dateTime={at} title={exact} className="nowrap">
      {text}
    </time>
  );
}
