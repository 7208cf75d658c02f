import type { Schemas, With } from "../../api/types";
import type { Lang } from "../../i18n/lang";
import type { Tone } from "../../ui/status";

/** What became of a raw event. */
export const STATUSES = ["failed", "waiting", "done", "ignored"] as const;
export type InboxStatus = (typeof STATUSES)[number];

/** One raw event. */
export type InboxRow = With<Schemas["InboxItem"], { status: InboxStatus }>;

/** `POST /inbox/replay` */
export type Replay = Schemas["ReplayResult"];

/** What a status means. */
export const STATUS_TONES: Record<InboxStatus, Tone> = {
  done: "good",
  ignored: "neutral",
  waiting: "attention",
  failed: "bad",
};

/** What became of it in words, and the translator's own note, which is English. */
export function noteOf(row: InboxRow, lang: Lang): { words: string; note: string } {
  const note = row.note ?? "";
  return lang === "it" ? { words: row.note_it ?? "", note } : { words: note, note: "" };
}
