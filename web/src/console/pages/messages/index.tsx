import { Button, Select, Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useGet, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Page } from "../../api/types";
import { pick, useLang } from "../../i18n/lang";
import { EmptyState } from "../../ui/empty";
import { PageHead } from "../../ui/page-head";
import { PLACE, PlaceFilter } from "../../ui/place-filter";
import { useQueryState } from "../../ui/query-state";
import { Filters } from "../../ui/section";
import { Views, viewQuery } from "../../ui/views";
import type { JourneyRow } from "../journeys/types";
import { MessagesTable } from "./table";
import { Templates } from "./templates";
import { CHANNELS, type MessageRow, STATUSES } from "./types";

/** Messages that were decided, and the templates they are made from. */
export default function Messages() {
  const { t } = useTranslation("messages");
  const { may } = useSession();
  const [query, setQuery] = useQueryState();
  const tab = query.tab === "templates" ? "templates" : "all";
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={t("sentence")}
        actions={
          tab === "all" && <Views page="messages" path="/messages" query={viewQuery(query, KEPT)} />
        }
      />
      <Tabs
        value={tab}
        onChange={(next) => setQuery({ tab: next === "templates" ? next : null })}
        keepMounted={false}
      >
        {may("templates:read") && (
          <Tabs.List mb="md">
            <Tabs.Tab value="all">{t("tab.all")}</Tabs.Tab>
            <Tabs.Tab value="templates">{t("tab.templates")}</Tabs.Tab>
          </Tabs.List>
        )}
        <Tabs.Panel value="all">
          <Sent />
        </Tabs.Panel>
        <Tabs.Panel value="templates">
          <Templates />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** What the list can be narrowed to; each stands in the address. */
const FILTERS = ["status", "channel", "journey", "step", ...PLACE, "customer", "order"] as const;

/** Those a saved view keeps: it names nobody. */
const KEPT = ["status", "channel", "journey", "step", ...PLACE] as const;

function Sent() {
  const { t } = useTranslation("messages");
  const lang = useLang();
  const { may } = useSession();
  const [query, setQuery] = useQueryState();
  const asked = Object.fromEntries(FILTERS.map((name) => [name, query[name]]));
  const list = useList<MessageRow>("/messages", { query: asked, topics: ["messages"] });
  const journeys = useGet<Page<JourneyRow>>("/journeys", {
    topics: ["journeys"],
    enabled: may("journeys:read"),
  });
  const step = list.items?.find((row) => row.step === query.step);
  const narrowed = FILTERS.some((name) => query[name]);
  const all = { value: "", label: t("filter.all") };
  return (
    <>
      <Filters label={t("filter.label")}>
        <Select
          label={t("column.status")}
          data={[all, ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))]}
          value={query.status ?? ""}
          onChange={(status) => setQuery({ status })}
        />
        <Select
          label={t("column.channel")}
          data={[all, ...CHANNELS.map((value) => ({ value, label: t(`channel.${value}`) }))]}
          value={query.channel ?? ""}
          onChange={(channel) => setQuery({ channel })}
        />
        <Select
          label={t("filter.journey")}
          data={[
            all,
            ...(journeys.data?.items ?? []).map((one) => ({
              value: one.id,
              label: pick(lang, one, "name") || one.id,
            })),
          ]}
          value={query.journey ?? ""}
          onChange={(journey) => setQuery({ journey, step: null })}
        />
        <PlaceFilter />
        {narrowed && (
          <Button
            variant="subtle"
            onClick={() => setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])))}
          >
            {t("filter.clear")}
          </Button>
        )}
      </Filters>
      {(query.step || query.customer || query.order) && (
        <p className="muted">
          {query.step
            ? t("filter.step", { step: (step && pick(lang, step, "template")) || query.step })
            : t(query.customer ? "filter.one_customer" : "filter.one_order")}
        </p>
      )}
      <MessagesTable
        list={list}
        label={t("title")}
        empty={
          narrowed ? (
            <EmptyState title={t("none_found.title")}>{t("none_found.text")}</EmptyState>
          ) : (
            <EmptyState title={t("empty.title")}>{t("empty.text")}</EmptyState>
          )
        }
      />
    </>
  );
}
