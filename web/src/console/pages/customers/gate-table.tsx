import { IconCheck, IconClock, IconHandStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { said, useLang } from "../../i18n/lang";
import { useFormat } from "../../ui/format";
import { Why } from "../../ui/why";
import css from "./customers.module.css";
import type { GateCell } from "./types";

const LOOK = {
  allow: { icon: IconCheck, tone: "good" },
  defer: { icon: IconClock, tone: "attention" },
  deny: { icon: IconHandStop, tone: "neutral" },
} as const;

/** The cells of the gate in rows of purposes and columns of channels, in the order the API gives them. */
export function gateRows(cells: GateCell[]): {
  channels: GateCell["channel"][];
  rows: { purpose: GateCell["purpose"]; cells: (GateCell | null)[] }[];
} {
  const channels = [...new Set(cells.map((cell) => cell.channel))];
  const purposes = [...new Set(cells.map((cell) => cell.purpose))];
  const rows = purposes.map((purpose) => ({
    purpose,
    cells: channels.map(
      (channel) => cells.find((one) => one.purpose === purpose && one.channel === channel) ?? null,
    ),
  }));
  return { channels, rows };
}

/** What could be sent to this person now on each channel for each purpose, and why not. */
export function GateTable({ cells }: { cells: GateCell[] }) {
  const { t } = useTranslation(["customers", "messages"]);
  const { channels, rows } = gateRows(cells);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: the section around it is the landmark
    <div className={css.scroll} tabIndex={0} role="group" aria-label={t("gate.title")}>
      <table className={css.gate}>
        <thead>
          <tr>
            <th scope="col">{t("gate.purpose")}</th>
            {channels.map((channel) => (
              <th key={channel} scope="col">
                {t(`messages:channel.${channel}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.purpose}>
              <th scope="row">{t(`messages:purpose.${row.purpose}`)}</th>
              {row.cells.map((cell, at) => (
                <td key={channels[at]}>{cell && <Answer cell={cell} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Answer({ cell }: { cell: GateCell }) {
  const { t } = useTranslation(["customers", "messages"]);
  const lang = useLang();
  const format = useFormat();
  const { icon: Icon, tone } = LOOK[cell.decision];
  const rule = cell.reason ? t(`messages:rule.${cell.reason}`, { defaultValue: "" }) : "";
  return (
    <span className={css.answer} data-tone={tone}>
      <Icon size={16} aria-hidden />
      <Why label={t(`gate.${cell.decision}`)}>
        <p>{said(lang, cell)}</p>
        {rule && <p>{rule}</p>}
        {cell.until && <p>{t("gate.until", { when: format.dateTime(cell.until) })}</p>}
      </Why>
    </span>
  );
}
