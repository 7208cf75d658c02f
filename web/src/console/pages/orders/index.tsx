import { Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/hooks";
import { EmptyState } from "../../ui/empty";
import { Link } from "../../ui/link";
import { PageHead } from "../../ui/page-head";
import { PLACE, PlaceFilter } from "../../ui/place-filter";
import { useQueryState } from "../../ui/query-state";
import { Filters } from "../../ui/section";
import { Views, viewQuery } from "../../ui/views";
import { SearchField } from "../customers/search-field";
import { OrdersTable } from "./table";
import { type OrderRow, STANDINGS } from "./types";

/** What a saved view keeps of the address. */
const KEPT = ["standing", ...PLACE] as const;

/** Orders with their parcels, by where they stand. */
export default function Orders() {
  const { t } = useTranslation("orders");
  const [query, setQuery] = useQueryState();
  const { q, standing, customer, province, region } = query;
  const list = useList<OrderRow>("/orders", {
    query: { q, standing, customer, province, region },
    topics: ["orders"],
  });
  const place = Boolean(province || region);
  const narrowed = Boolean(q || standing || customer || place);
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={t("sentence")}
        actions={
          <>
            <Views page="orders" path="/orders" query={viewQuery(query, KEPT)} />
            <Link to="/orders/exceptions">{t("exceptions")}</Link>
          </>
        }
      />
      <Filters label={t("search.label")}>
        <SearchField
          label={t("search.label")}
          placeholder={t("search.placeholder")}
          value={q ?? ""}
          onSearch={(next) => setQuery({ q: next }, { replace: true })}
        />
        <PlaceFilter />
      </Filters>
      <Tabs
        value={standing ?? "all"}
        onChange={(next) => setQuery({ standing: next === "all" ? null : next })}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="all">{t("standing.all")}</Tabs.Tab>
          {STANDINGS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`standing.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={standing ?? "all"}>
          <OrdersTable
            list={list}
            label={t("title")}
            empty={
              narrowed ? (
                <EmptyState title={t("none_found.title")}>
                  {standing === "trouble" && !q && !place
                    ? t("none_found.trouble")
                    : t("none_found.text")}
                </EmptyState>
              ) : (
                <EmptyState title={t("empty.title")}>{t("empty.text")}</EmptyState>
              )
            }
          />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
