import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { change, figure, ratio } from "../../charts/format";
import { useLang } from "../../i18n/lang";
import { Figure } from "../../ui/figure";
import css from "./today.module.css";
import type { Kpi } from "./types";

/** Less than this can be measured: the figure says so. */
const COVERAGE_WORTH_SAYING = 0.995;

/** The target in words: "al massimo 24 h", "almeno 45%". */
export function useTarget(kpi: Kpi): string | null {
  const { t } = useTranslation("today");
  const lang = useLang();
  return kpi.target === null
    ? null
    : t(kpi.better === "down" ? "target.most" : "target.least", {
        value: figure(kpi.target, kpi.unit, lang),
      });
}

/** A figure of the shop against its target; opens its definition. */
export function KpiCard({ kpi, onOpen }: { kpi: Kpi; onOpen: () => void }) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const target = useTarget(kpi);
  const moved =
    kpi.value !== null && kpi.previous !== null
      ? change(kpi.value, kpi.previous, kpi.unit, lang)
      : null;
  const notes = [
    kpi.value === null ? t("nothing_measured") : moved && t("moved", { change: moved }),
    target && t("target.is", { target }),
    kpi.coverage !== null && kpi.coverage < COVERAGE_WORTH_SAYING
      ? t("coverage.short", { share: ratio(kpi.coverage, lang) })
      : null,
  ].filter((one) => one !== null);
  return (
    <Figure
      label={t(`kpi.${kpi.id}`, { defaultValue: kpi.id })}
      value={kpi.value === null ? null : figure(kpi.value, kpi.unit, lang)}
      aside={kpi.met !== null && <Met met={kpi.met} />}
      note={
        <span className={css.notes}>
          {notes.map((one) => (
            <span key={one}>{one}</span>
          ))}
        </span>
      }
      onOpen={onOpen}
    />
  );
}

function Met({ met }: { met: boolean }) {
  const { t } = useTranslation("today");
  const Icon = met ? IconCircleCheck : IconAlertTriangle;
  return (
    <span className={css.met} data-met={met}>
      <Icon size={16} aria-hidden />
      <span className="visually-hidden">{t(met ? "target.met" : "target.missed")}</span>
    </span>
  );
}
