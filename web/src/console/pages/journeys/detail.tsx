import { Button, SegmentedControl, Switch, Tabs } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import { Bars } from "../../charts/bars";
import { ratio } from "../../charts/format";
import { pick, said, useLang } from "../../i18n/lang";
import { Figure } from "../../ui/figure";
import { Time, useFormat } from "../../ui/format";
import { Link } from "../../ui/link";
import { PageHead } from "../../ui/page-head";
import { useQueryState } from "../../ui/query-state";
import { Facts, Section } from "../../ui/section";
import { Side } from "../../ui/side";
import { Await, Failed, Loading } from "../../ui/states";
import { Status } from "../../ui/status";
import css from "./journeys.module.css";
import { actsOf, dropOff, StepList } from "./steps";
import type { GraphNode, JourneyDetail, RunRow } from "./types";
import { useSwitch } from "./use-switch";

const Graph = lazy(() => import("./graph"));

/** Narrower than this the picture gives way to the list. */
const PHONE = "(max-width: 699.9px)";

/** One journey: its steps with their figures, who is inside, why messages were held back. */
export default function Journey() {
  const { id } = useParams({ strict: false }) as { id: string };
  const [query] = useQueryState();
  const journey = useGet<JourneyDetail>(`/journeys/${encodeURIComponent(id)}`, {
    query: { version: query.version },
    topics: ["journeys", "counters"],
  });
  return <Await query={journey}>{(data) => <Shown journey={data} />}</Await>;
}

function Shown({ journey }: { journey: JourneyDetail }) {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const format = useFormat();
  const { may } = useSession();
  const [query, setQuery] = useQueryState();
  const turn = useSwitch();
  const name = pick(lang, journey, "name") || journey.id;
  const open = journey.graph.nodes.find((node) => node.id === query.step);
  const tab = ["people", "versions"].find((one) => one === query.tab) ?? "steps";
  return (
    <>
      <PageHead
        title={name}
        back={{ to: "/journeys", label: t("title") }}
        sentence={
          <>
            {t("starts", { when: said(lang, journey.trigger) })}{" "}
            {t(journey.active ? "says.on" : "says.off", {
              count: journey.running,
              n: format.number(journey.running),
            })}
          </>
        }
        actions={
          may("journeys:write") ? (
            <Switch
              checked={journey.active}
              onChange={(event) => turn.to(journey, event.currentTarget.checked)}
              disabled={turn.pending}
              label={journey.active ? t("on") : t("off")}
              aria-label={t("switch", { name })}
            />
          ) : (
            <Status tone={journey.active ? "good" : "neutral"}>
              {journey.active ? t("on") : t("off")}
            </Status>
          )
        }
      />
      {turn.error && <Failed error={turn.error} />}
      <div className={css.figures}>
        <Figure label={t("column.running")} value={format.number(journey.running)} />
        <Figure label={t("figure.started")} value={format.number(journey.started_30d)} />
        <Figure label={t("figure.sent")} value={format.number(journey.sent_30d)} />
        <Figure label={t("figure.held_back")} value={format.number(journey.held_back_30d)} />
        {journey.goal_30d !== null && journey.goal_30d !== undefined && (
          <Figure label={t("figure.goal")} value={format.number(journey.goal_30d)} />
        )}
      </div>
      <Tabs
        value={tab}
        onChange={(next) => setQuery({ tab: next === "steps" ? null : next }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="steps">{t("tab.steps")}</Tabs.Tab>
          {may("customers:read") && <Tabs.Tab value="people">{t("tab.people")}</Tabs.Tab>}
          <Tabs.Tab value="versions">{t("tab.versions")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="steps">
          <Steps journey={journey} onOpen={(node) => setQuery({ step: node.id })} />
          <Losses journey={journey} />
        </Tabs.Panel>
        <Tabs.Panel value="people">
          <Section title={t("people.title")}>
            <People journey={journey.id} step={null} version={journey.shown} />
          </Section>
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions journey={journey} />
        </Tabs.Panel>
      </Tabs>
      <Side
        opened={open !== undefined}
        onClose={() => setQuery({ step: null })}
        title={open ? pick(lang, open, "label") : ""}
      >
        {open && <StepDrawer journey={journey} node={open} />}
      </Side>
    </>
  );
}

function Steps({ journey, onOpen }: { journey: JourneyDetail; onOpen: (node: GraphNode) => void }) {
  const { t } = useTranslation("journeys");
  const phone = useMediaQuery(PHONE, false, { getInitialValueInEffect: false });
  const [view, setView] = useState<string | null>(null);
  const shown = view ?? (phone ? "list" : "graph");
  const { nodes, edges } = journey.graph;
  return (
    <>
      <SegmentedControl
        mb="sm"
        aria-label={t("view.label")}
        data={["graph", "list"].map((value) => ({ value, label: t(`view.${value}`) }))}
        value={shown}
        onChange={setView}
      />
      {shown === "graph" ? (
        <Suspense
          fallback={
            <div className={css.canvas}>
              <Loading />
            </div>
          }
        >
          {/* Another version is another picture: it is fitted again. */}
          <Graph key={nodes.length} nodes={nodes} edges={edges} onOpen={onOpen} />
        </Suspense>
      ) : (
        <StepList nodes={nodes} edges={edges} onOpen={onOpen} />
      )}
    </>
  );
}

function Losses({ journey }: { journey: JourneyDetail }) {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const label = new Map(journey.graph.nodes.map((node) => [node.step, pick(lang, node, "label")]));
  return (
    <div className={css.two}>
      <Section title={t("held_back.title")}>
        {journey.held_back.length === 0 ? (
          <p className="muted">{t("held_back.none")}</p>
        ) : (
          <Bars
            title={t("held_back.title")}
            bars={journey.held_back.map((one) => ({
              id: `${one.step}:${one.reason}`,
              label: said(lang, one),
              n: one.n,
              detail: label.get(one.step) || one.step,
            }))}
          />
        )}
      </Section>
      <Section title={t("closed.title")}>
        {journey.closed.length === 0 ? (
          <p className="muted">{t("closed.none")}</p>
        ) : (
          <Bars
            title={t("closed.title")}
            series={3}
            bars={journey.closed.map((one) => ({ id: one.why, label: said(lang, one), n: one.n }))}
          />
        )}
      </Section>
    </div>
  );
}

function StepDrawer({ journey, node }: { journey: JourneyDetail; node: GraphNode }) {
  const { t } = useTranslation(["journeys", "messages"]);
  const lang = useLang();
  const format = useFormat();
  const { may } = useSession();
  const { counts } = node;
  const lost = dropOff(counts);
  const held = journey.held_back.filter((one) => one.step === node.step);
  const acts = actsOf(counts);
  const act = (name: "opened" | "clicked") => {
    const one = acts.find((act) => act.name === name);
    return {
      label: t(`step.${name}`),
      value: one
        ? t("step.acts", {
            share: ratio(one.n / one.of, lang),
            n: format.number(one.n),
            of: format.number(one.of),
          })
        : t("step.not_measured"),
    };
  };
  const detail = pick(lang, node, "detail");
  return (
    <>
      {detail && <p className={css.lead}>{detail}</p>}
      <Section>
        <Facts
          items={[
            node.template
              ? {
                  label: t("step.template"),
                  value: (
                    <>
                      {pick(lang, node, "template") || node.template}{" "}
                      <code className="muted">{node.template}</code>
                    </>
                  ),
                }
              : null,
            node.channel
              ? { label: t("step.channel"), value: t(`messages:channel.${node.channel}`) }
              : null,
            node.purpose
              ? { label: t("step.purpose"), value: t(`messages:purpose.${node.purpose}`) }
              : null,
            { label: t("step.waiting"), value: format.number(counts.waiting) },
            ...(node.template
              ? [
                  { label: t("step.sent"), value: format.number(counts.sent) },
                  {
                    label: t("step.held_back"),
                    value: `${format.number(counts.held_back)}${lost === null ? "" : ` (${ratio(lost, lang)})`}`,
                  },
                  act("opened"),
                  act("clicked"),
                ]
              : []),
          ]}
        />
        {node.template && may("messages:read") && (
          <p style={{ marginTop: 12 }}>
            <Link
              to={`/messages?journey=${encodeURIComponent(journey.id)}&step=${encodeURIComponent(node.step ?? "")}`}
            >
              {t("step.messages")}
            </Link>
          </p>
        )}
      </Section>
      {held.length > 0 && (
        <Section title={t("held_back.title")}>
          <Bars
            title={t("held_back.title")}
            bars={held.map((one) => ({ id: one.reason, label: said(lang, one), n: one.n }))}
          />
        </Section>
      )}
      {may("customers:read") && (
        <Section title={t("people.here")}>
          <People journey={journey.id} step={node.id} version={journey.shown} />
        </Section>
      )}
    </>
  );
}

function People({
  journey,
  step,
  version,
}: {
  journey: string;
  step: string | null;
  version: number;
}) {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const { may } = useSession();
  const list = useList<RunRow>(`/journeys/${encodeURIComponent(journey)}/runs`, {
    query: step === null ? {} : { step, version },
    topics: ["journeys"],
  });
  const stop = useChange((id: string) => api.post(`/runs/${id}/stop`), { topics: ["journeys"] });
  if (!list.items) {
    return list.error ? <Failed error={list.error} retry={list.again} /> : <Loading />;
  }
  if (list.items.length === 0) {
    return <p className="muted">{step ? t("people.nobody_here") : t("people.nobody")}</p>;
  }
  return (
    <>
      {stop.error && <Failed error={stop.error} />}
      <ul className={css.people}>
        {list.items.map((run) => (
          <li key={run.id}>
            <span>
              {run.customer ? (
                <Link to={`/customers/${run.customer.id}`}>
                  {run.customer.name ?? run.customer.email ?? t("people.without_name")}
                </Link>
              ) : (
                t("people.without_name")
              )}
              {run.order_number && <span className="muted"> · {run.order_number}</span>}
              <br />
              <span className="muted">
                {!step && `${pick(lang, run, "step")} · `}
                {run.wake_at ? (
                  <>
                    {t("people.until")} <Time at={run.wake_at} kind="short" />
                  </>
                ) : (
                  <>
                    {t("people.since")} <Time at={run.since} kind="short" />
                  </>
                )}
              </span>
            </span>
            {may("journeys:write") && (
              <Button
                size="xs"
                onClick={() => stop.mutate(run.id)}
                loading={stop.isPending && stop.variables === run.id}
                aria-label={t("people.stop_who", { name: run.customer?.name ?? "" })}
              >
                {t("people.stop")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {list.more && (
        <Button onClick={list.more} loading={list.loadingMore} mt="sm">
          {t("common:more")}
        </Button>
      )}
    </>
  );
}

function Versions({ journey }: { journey: JourneyDetail }) {
  const { t } = useTranslation("journeys");
  const { may } = useSession();
  const [, setQuery] = useQueryState();
  const turn = useSwitch();
  const newest = [...journey.versions].sort((a, b) => b.version - a.version);
  const looked = journey.shown;
  return (
    <>
      {turn.error && <Failed error={turn.error} />}
      <Section title={t("versions.title")}>
        {newest.map((one) => (
          <div key={one.version} className={css.row}>
            <span>
              {t("versions.one", { n: one.version })}{" "}
              {one.current && <Status tone="good">{t("versions.current")}</Status>}
            </span>
            <span className={css.row}>
              {one.version !== looked && (
                <Button size="xs" onClick={() => setQuery({ version: one.version })}>
                  {t("versions.look")}
                </Button>
              )}
              {!one.current && may("journeys:write") && (
                <Button
                  size="xs"
                  disabled={turn.pending}
                  onClick={() => turn.version(journey, one.version)}
                >
                  {t("versions.take")}
                </Button>
              )}
            </span>
          </div>
        ))}
      </Section>
      {journey.document !== "" && (
        <Section title={t("versions.document", { n: looked })}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre className={css.document} tabIndex={0}>
            {journey.document}
          </pre>
        </Section>
      )}
    </>
  );
}
