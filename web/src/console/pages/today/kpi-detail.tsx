import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { count, figure, ratio } from "../../charts/format";
import { LineChart } from "../../charts/line-chart";
import type { LineChartData } from "../../charts/line-option";
import { said, useLang } from "../../i18n/lang";
import { useFormat } from "../../ui/format";
import { Link } from "../../ui/link";
import { Facts, Section } from "../../ui/section";
import { Status } from "../../ui/status";
import { consolePath } from "../customers/console-path";
import { useTarget } from "./kpi";
import css from "./today.module.css";
import type { Kpi, Today } from "./types";

/** What a figure means, from what it is made, how it went day by day, and who stands behind it. */
export function KpiDetail({ kpi, today }: { kpi: Kpi; today: Today }) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const format = useFormat();
  const target = useTarget(kpi);
  const title = t(`kpi.${kpi.id}`, { defaultValue: kpi.id });
  const data = useMemo<LineChartData>(
    () => ({
      unit: kpi.unit,
      series: [{ name: title, points: kpi.days }],
      target:
        kpi.target === null
          ? null
          : {
              value: kpi.target,
              word: t("target.word", { value: figure(kpi.target, kpi.unit, lang) }),
            },
    }),
    [kpi, title, t, lang],
  );
  const period =
    today.from === today.to
      ? format.date(today.from)
      : t("period.span", { from: format.day(today.from), to: format.day(today.to) });
  return (
    <>
      <p className={css.big}>
        {kpi.value === null ? t("common:unknown") : figure(kpi.value, kpi.unit, lang)}{" "}
        {kpi.met !== null && (
          <Status tone={kpi.met ? "good" : "attention"}>
            {t(kpi.met ? "target.met" : "target.missed")}
          </Status>
        )}
      </p>
      <p className={css.definition}>{said(lang, kpi.definition)}</p>
      <LineChart
        data={data}
        title={t("chart.of", { figure: title })}
        caption={t("chart.caption", {
          count: kpi.denominator,
          n: count(kpi.denominator, lang),
          period,
        })}
        file={`${kpi.id}-${today.from}-${today.to}`}
      />
      <div className={css.space} />
      <Section>
        <Facts
          items={[
            { label: t("fact.period"), value: period },
            target ? { label: t("fact.target"), value: target } : null,
            kpi.unit === "ratio"
              ? {
                  label: t("fact.made_of"),
                  value: t("made_of", {
                    numerator: count(kpi.numerator, lang),
                    denominator: count(kpi.denominator, lang),
                  }),
                }
              : { label: t("fact.cases"), value: count(kpi.denominator, lang) },
            kpi.coverage !== null
              ? {
                  label: t("fact.coverage"),
                  value: t("coverage.long", { share: ratio(kpi.coverage, lang) }),
                }
              : null,
            {
              label: t("fact.previous"),
              value:
                kpi.previous === null ? t("common:unknown") : figure(kpi.previous, kpi.unit, lang),
            },
          ]}
        />
      </Section>
      {kpi.people && <Link to={consolePath(kpi.people)}>{t("people")}</Link>}
    </>
  );
}
