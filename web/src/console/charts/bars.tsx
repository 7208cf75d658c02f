import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLang } from "../i18n/lang";
import { Link } from "../ui/link";
import css from "./charts.module.css";
import { count, ratio } from "./format";

export interface Bar {
  id: string;
  label: ReactNode;
  n: number;
  /** A second line under the label. */
  detail?: ReactNode;
}

function Track({ share, series }: { share: number; series: 1 | 2 | 3 }) {
  return (
    <div className={css.track} aria-hidden="true">
      <div
        className={css.fill}
        data-series={series}
        style={{ width: `${Math.max(share * 100, share > 0 ? 1 : 0)}%` }}
      />
    </div>
  );
}

/** Horizontal bars from a zero line, in the order given. */
export function Bars({
  bars,
  title,
  series = 2,
  whole,
}: {
  bars: Bar[];
  title: string;
  series?: 1 | 2 | 3;
  /** What a full bar stands for; the longest of them unless said. */
  whole?: number;
}) {
  const lang = useLang();
  const top = whole ?? Math.max(1, ...bars.map((bar) => bar.n));
  return (
    <ul className={css.bars} aria-label={title}>
      {bars.map((bar) => (
        <li key={bar.id} className={css.bar}>
          <span>{bar.label}</span>
          <strong>{count(bar.n, lang)}</strong>
          <Track share={bar.n / top} series={series} />
          {bar.detail && <span className={css.detail}>{bar.detail}</span>}
        </li>
      ))}
    </ul>
  );
}

export interface Stage {
  id: string;
  label: string;
  n: number;
  /** Where the people of this stage are listed. */
  to?: string;
}

/** What is lost between one stage and the next: how many, and which share of the stage before. */
export function losses(stages: Stage[]): { n: number; share: number | null }[] {
  return stages.slice(1).map((stage, at) => {
    const before = stages[at]?.n ?? 0;
    const n = Math.max(0, before - stage.n);
    return { n, share: before === 0 ? null : n / before };
  });
}

/** Stages as horizontal bars with the loss written between them. */
export function Funnel({ stages, title }: { stages: Stage[]; title: string }) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const top = Math.max(1, ...stages.map((stage) => stage.n));
  const lost = losses(stages);
  return (
    <ol className={css.bars} aria-label={title}>
      {stages.map((stage, at) => {
        const loss = lost[at];
        return (
          <li key={stage.id} className={css.bar}>
            <span>{stage.to ? <Link to={stage.to}>{stage.label}</Link> : stage.label}</span>
            <strong>{count(stage.n, lang)}</strong>
            <Track share={stage.n / top} series={1} />
            {loss && loss.n > 0 && loss.share !== null && (
              <span className={css.loss}>
                {t("chart.loss", { n: count(loss.n, lang), share: ratio(loss.share, lang) })}
              </span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
