import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { pick, useLang } from "../../i18n/lang";
import { useUndo } from "../../ui/undo";
import type { JourneyRow } from "./types";

/** The version a journey goes on with when it is switched on: the one it last had, else its newest. */
export function versionFor(row: Pick<JourneyRow, "version" | "versions">): number | null {
  const newest = row.versions.reduce((top, one) => Math.max(top, one.version), 0);
  return row.version ?? (newest > 0 ? newest : null);
}

/** Switches a journey on and off; either can be undone. */
export function useSwitch() {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const undo = useUndo();
  const put = useChange(
    ({ id, version }: { id: string; version: number | null }) =>
      api.put(`/journeys/${encodeURIComponent(id)}/current`, { version }),
    { topics: ["journeys"] },
  );
  const change = (row: JourneyRow, version: number | null, said: string) => {
    const before = row.active ? versionFor(row) : null;
    put.mutate(
      { id: row.id, version },
      {
        onSuccess: () =>
          undo({ text: said, onUndo: () => put.mutate({ id: row.id, version: before }) }),
      },
    );
  };
  return {
    pending: put.isPending,
    error: put.error,
    /** On with its version, or off. */
    to: (row: JourneyRow, on: boolean) =>
      change(
        row,
        on ? versionFor(row) : null,
        t(on ? "switched_on" : "switched_off", { name: pick(lang, row, "name") }),
      ),
    /** Goes on with this version. */
    version: (row: JourneyRow, version: number) =>
      change(row, version, t("version_taken", { name: pick(lang, row, "name"), n: version })),
  };
}
