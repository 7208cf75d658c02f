import { Button, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Page } from "../../api/types";
import { Bars } from "../../charts/bars";
import { pick, said, useLang } from "../../i18n/lang";
import { useFormat } from "../../ui/format";
import { Link } from "../../ui/link";
import { PageHead } from "../../ui/page-head";
import { useQueryState } from "../../ui/query-state";
import { Section } from "../../ui/section";
import { Await } from "../../ui/states";
import { consolePath } from "../customers/console-path";
import { PROVINCES, REGIONS } from "../customers/places";
import type { JourneyRow } from "../journeys/types";
import { CHANNELS } from "../messages/types";
import { parcelTone } from "../orders/words";
import { KpiCard } from "./kpi";
import { daysOf, PERIODS, periodOf, SLICES, type SliceKind, sliceOf } from "./period";
import css from "./today.module.css";
import type { Kpi, Today } from "./types";

// What stands below the fold or in a drawer comes after the rest.
const Breakdowns = lazy(() => import("./breakdown"));
const KpiSide = lazy(() => import("./kpi-side"));

/** How the shop is doing. */
export default function TodayPage() {
  const { t } = useTranslation("today");
  const lang = useLang();
  const [query, setQuery] = useQueryState();
  const slice = sliceOf(query);
  const usual = useGet<Today>("/today");
  const days = daysOf(query, usual.data?.to);
  const today = useGet<Today>("/today", {
    query: { ...days, ...(slice ? { [slice.kind]: slice.value } : {}) },
    topics: ["counters"],
    enabled: days !== null,
  });
  const open = today.data?.kpis.find((one) => one.id === query.figure);
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={today.data ? said(lang, today.data.sentence) : "\u00a0"}
      />
      <Choices />
      <Await query={today}>
        {(data) => (
          <div className={today.isPlaceholderData ? css.stale : undefined}>
            <section className={css.kpis} aria-label={t("figures")}>
              {data.kpis.map((kpi) => (
                <KpiCard key={kpi.id} kpi={kpi} onOpen={() => setQuery({ figure: kpi.id })} />
              ))}
            </section>
            <Now today={data} />
            <div className={css.two}>
              <HeldBack items={data.held_back} people={heldBack(data.kpis)} />
              {data.parcels && <Parcels items={data.parcels} slice={data.slice} />}
            </div>
            <Suspense fallback={<div className={css.room} />}>
              <Breakdowns breakdown={data.breakdown} />
            </Suspense>
            {query.figure && (
              <Suspense fallback={null}>
                <KpiSide kpi={open} today={data} onClose={() => setQuery({ figure: null })} />
              </Suspense>
            )}
          </div>
        )}
      </Await>
    </>
  );
}

function Choices() {
  const { t } = useTranslation("today");
  const [query, setQuery] = useQueryState();
  const period = periodOf(query);
  const slice = sliceOf(query);
  const [kind, setKind] = useState<SliceKind | "all">(slice?.kind ?? "all");
  const none = Object.fromEntries(SLICES.map((one) => [one, null]));
  return (
    <search className={css.choices} aria-label={t("choices")}>
      <SegmentedControl
        aria-label={t("period.label")}
        data={PERIODS.map((value) => ({ value, label: t(`period.${value}`) }))}
        value={period}
        onChange={(next) =>
          setQuery({ period: next, ...(next === "custom" ? {} : { from: null, to: null }) })
        }
      />
      {period === "custom" && (
        <>
          <TextInput
            type="date"
            aria-label={t("period.from")}
            value={query.from ?? ""}
            onChange={(event) => setQuery({ from: event.currentTarget.value }, { replace: true })}
          />
          <TextInput
            type="date"
            aria-label={t("period.to")}
            value={query.to ?? ""}
            onChange={(event) => setQuery({ to: event.currentTarget.value }, { replace: true })}
          />
        </>
      )}
      <NativeSelect
        aria-label={t("slice.label")}
        data={["all", ...SLICES].map((value) => ({ value, label: t(`slice.${value}`) }))}
        value={kind}
        onChange={(event) => {
          setKind(event.currentTarget.value as SliceKind | "all");
          setQuery(none);
        }}
      />
      {kind !== "all" && (
        <SliceValue
          kind={kind}
          value={slice?.kind === kind ? slice.value : null}
          onChange={(value) => setQuery({ ...none, [kind]: value })}
        />
      )}
      {slice && (
        <Button
          variant="subtle"
          onClick={() => {
            setKind("all");
            setQuery(none);
          }}
        >
          {t("slice.clear")}
        </Button>
      )}
    </search>
  );
}

function SliceValue({
  kind,
  value,
  onChange,
}: {
  kind: SliceKind;
  value: string | null;
  onChange: (value: string | null) => void;
}) {
  const { t } = useTranslation(["today", "messages"]);
  const lang = useLang();
  const { may } = useSession();
  const journeys = useGet<Page<JourneyRow>>("/journeys", {
    topics: ["journeys"],
    enabled: kind === "journey" && may("journeys:read"),
  });
  const data = {
    channel: () =>
      CHANNELS.map((one) => ({ value: one as string, label: t(`messages:channel.${one}`) })),
    journey: () =>
      (journeys.data?.items ?? []).map((one) => ({
        value: one.id,
        label: pick(lang, one, "name") || one.id,
      })),
    region: () => REGIONS.map(([id, label]) => ({ value: id, label })),
    province: () => PROVINCES.map(([id, name]) => ({ value: id, label: `${name} (${id})` })),
  }[kind]();
  return (
    <NativeSelect
      aria-label={t(`slice.${kind}`)}
      data={[{ value: "", label: t("slice.choose") }, ...data]}
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value || null)}
    />
  );
}

/** What each count of now is about: where to look, and whether it asks for somebody. */
const NOW: [keyof Today["now"], to: string, scope: string, asks: boolean][] = [
  ["tasks_open", "/tasks", "tasks:read", false],
  ["orders_open", "/orders", "orders:read", false],
  ["orders_trouble", "/orders?standing=trouble", "orders:read", true],
  ["runs", "/journeys", "journeys:read", false],
  ["queue_due", "/messages?status=queued", "messages:read", false],
  ["queue_later", "/messages?status=queued", "messages:read", false],
  ["failed_messages", "/messages?status=failed", "messages:read", true],
  ["failed_inbox", "/inbox?status=failed", "inbox:read", true],
  ["customers", "/customers", "customers:read", false],
];

/** A list of the whole shop, or of the place that is looked at. */
function inPlace(to: string, { kind, value }: Today["slice"]): string {
  if (kind !== "region" && kind !== "province") {
    return to;
  }
  return `${to}${to.includes("?") ? "&" : "?"}${kind}=${value}`;
}

function Now({ today }: { today: Today }) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const format = useFormat();
  const { may } = useSession();
  const { now, at_risk, slice } = today;
  // Of a part of the shop, what is not counted for it is no question.
  const shown = NOW.filter(([name]) => slice.kind === "all" || now[name] !== null);
  if (shown.length === 0 && !at_risk) {
    return null;
  }
  const risk = at_risk && (
    <>
      <strong>{format.number(at_risk.n)}</strong>
      <span>{t("now.at_risk", { count: at_risk.n })}</span>
    </>
  );
  return (
    <Section title={t("now.title")}>
      <ul className={css.now}>
        {at_risk && (
          <li data-asks={at_risk.n > 0}>
            {may("customers:read") ? (
              <Link to={consolePath(at_risk.people)}>{risk}</Link>
            ) : (
              <span>{risk}</span>
            )}
          </li>
        )}
        {shown.map(([name, to, scope, asks]) => {
          const n = now[name];
          const text = (
            <>
              <strong>{n === null ? t("unknown") : format.number(n)}</strong>
              <span>{t(`now.${name}`)}</span>
            </>
          );
          return (
            <li key={name} data-asks={asks && n !== null && n > 0}>
              {may(scope) ? <Link to={inPlace(to, slice)}>{text}</Link> : <span>{text}</span>}
            </li>
          );
        })}
      </ul>
      {at_risk && (
        <details className={css.meant}>
          <summary>{t("now.at_risk_who")}</summary>
          <p className="muted">{said(lang, at_risk.definition)}</p>
        </details>
      )}
    </Section>
  );
}

/** Where the messages are that were held back in this part of the shop. */
const heldBack = (kpis: Kpi[]) =>
  kpis.find((one) => one.id === "held_back")?.people ?? "/messages?status=held_back";

function HeldBack({ items, people }: { items: Today["held_back"]; people: string }) {
  const { t } = useTranslation(["today", "messages"]);
  const lang = useLang();
  return (
    <Section
      title={t("held_back.title")}
      aside={<Link to={consolePath(people)}>{t("held_back.see")}</Link>}
    >
      {items.length === 0 ? (
        <p className="muted">{t("held_back.none")}</p>
      ) : (
        <Bars
          title={t("held_back.title")}
          bars={items.map((one) => ({
            id: one.reason,
            label: said(lang, one),
            n: one.n,
            detail: t(`messages:rule.${one.reason}`, { defaultValue: "" }),
          }))}
        />
      )}
    </Section>
  );
}

function Parcels({
  items,
  slice,
}: {
  items: NonNullable<Today["parcels"]>;
  slice: Today["slice"];
}) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const format = useFormat();
  const trouble = items.filter((one) => one.trouble && one.n > 0);
  const others = items.filter((one) => !one.trouble && one.n > 0);
  const all = trouble.reduce((sum, one) => sum + one.n, 0);
  // The board is of the whole shop.
  const see =
    slice.kind === "all" ? "/orders/exceptions" : inPlace("/orders?standing=trouble", slice);
  return (
    <Section title={t("parcels.title")} aside={all > 0 && <Link to={see}>{t("parcels.see")}</Link>}>
      {all === 0 ? (
        <p>{t("parcels.none")}</p>
      ) : (
        <ul className={css.trouble}>
          {trouble.map((one) => (
            <li key={one.state} data-tone={parcelTone(one.state)}>
              <span>{said(lang, one)}</span>
              <strong>{format.number(one.n)}</strong>
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <>
          <h3 className={css.sub}>{t("parcels.others")}</h3>
          <ul className={css.trouble}>
            {others.map((one) => (
              <li key={one.state} className="muted">
                <span>{said(lang, one)}</span>
                <span>{format.number(one.n)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
