import type { Lang } from "../../i18n/lang";
import type { Tone } from "../../ui/status";

/** What became of a raw event. */
export const STATUSES = ["failed", "waiting", "done", "ignored"] as const;
export type InboxStatus = (typeof STATUSES)[number];

/** One raw event. */
export interface InboxRow {
  id: string;
  source: string;
  topic: string;
  external_id: string;
  received_at: string;
  status: InboxStatus;
  note: string | null;
  note_it: string | null;
}

/** `POST /inbox/replay` */
export interface Replay {
  accepted: number;
  kept: number;
  repeated: number;
  failed: number;
  results: { id: string; outcome: string; note: string | null }[];
}

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
