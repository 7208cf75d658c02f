const MINUTE_MS = 60_000;
const HOUR_MIN = 60;
const DAY_MIN = 24 * HOUR_MIN;

export type Language = "it" | "en";

/** [one, many] of each unit, largest first. */
const WORDS = {
  it: { day: ["giorno", "giorni"], hour: ["ora", "ore"], minute: ["minuto", "minuti"], and: " e " },
  en: {
    day: ["day", "days"],
    hour: ["hour", "hours"],
    minute: ["minute", "minutes"],
    and: " and ",
  },
} as const;

function part(count: number, [one, many]: readonly [string, string]): string {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * What is left until a moment, in the two largest units that matter: "2 giorni e 3 ore".
 *
 * Minutes are rounded up, so that the text never promises more than a minute too little and never
 * says zero while time is left. Returns `null` when the moment has come.
 */
export function timeLeft(untilMs: number, nowMs: number, language: Language): string | null {
  const minutes = Math.ceil((untilMs - nowMs) / MINUTE_MS);
  if (minutes <= 0) {
    return null;
  }
  const words = WORDS[language];
  const days = Math.floor(minutes / DAY_MIN);
  const hours = Math.floor((minutes % DAY_MIN) / HOUR_MIN);
  const parts: string[] = [];
  if (days > 0) {
    parts.push(part(days, words.day));
  }
  if (hours > 0) {
    parts.push(part(hours, words.hour));
  }
  if (days === 0 && minutes % HOUR_MIN > 0) {
    parts.push(part(minutes % HOUR_MIN, words.minute));
  }
  return parts.join(words.and);
}
