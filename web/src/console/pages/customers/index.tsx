import { Button, MultiSelect, NumberInput, Select, TextInput } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import { type Column, DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { MoneyText, Time, useFormat } from "../../ui/format";
import { PageHead } from "../../ui/page-head";
import { useQueryState } from "../../ui/query-state";
import { Fields, Filters, Section } from "../../ui/section";
import { Failed } from "../../ui/states";
import { Views, viewQuery } from "../../ui/views";
import css from "./customers.module.css";
import { asked, FILTERS, filtersSet } from "./filters";
import { PROVINCES, REGIONS } from "./places";
import { SearchField } from "./search-field";
import type { CustomerRow } from "./types";
import { MarketingBadge, UnreachableBadge } from "./words";

/** The people of the shop. */
export default function Customers() {
  const { t } = useTranslation("customers");
  const format = useFormat();
  const { may, shop } = useSession();
  const [query, setQuery] = useQueryState();
  const set = filtersSet(query);
  const [open, setOpen] = useState(set > 0);
  const list = useList<CustomerRow>("/customers", {
    query: asked(query),
    topics: ["customers"],
  });
  const file = useChange(() =>
    api.download("/customers.csv", asked(query), `${shop.slug}-clienti.csv`),
  );
  const columns: Column<CustomerRow>[] = [
    {
      id: "name",
      header: t("column.name"),
      primary: true,
      cell: (row) => row.name ?? row.email ?? row.phone ?? t("without_name"),
    },
    {
      id: "reach",
      header: t("column.reach"),
      cell: (row) => {
        const reach = row.name ? (row.email ?? row.phone) : null;
        return reach || row.unreachable ? (
          <span className={css.reach}>
            {reach && <span>{reach}</span>}
            <UnreachableBadge why={row.unreachable} />
          </span>
        ) : null;
      },
    },
    { id: "province", header: t("column.province"), cell: (row) => row.province },
    {
      id: "orders",
      header: t("column.orders"),
      align: "right",
      cell: (row) => format.number(row.orders),
    },
    {
      id: "total",
      header: t("column.total"),
      align: "right",
      cell: (row) => (row.orders > 0 ? <MoneyText value={row.total} /> : null),
    },
    {
      id: "last",
      header: t("column.last"),
      align: "right",
      cell: (row) => (row.last_order_at ? <Time at={row.last_order_at} /> : null),
    },
    {
      id: "marketing",
      header: t("column.marketing"),
      cell: (row) => <MarketingBadge marketing={row.marketing_email} short />,
    },
  ];
  const narrowed = set > 0 || Boolean(query.q);
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={t("sentence")}
        actions={
          <>
            <Views page="customers" path="/customers" query={viewQuery(query, FILTERS)} />
            {may("customers:export") && (
              <Button
                leftSection={<IconDownload size={16} aria-hidden />}
                loading={file.isPending}
                onClick={() => file.mutate()}
              >
                {t("csv")}
              </Button>
            )}
          </>
        }
      />
      {file.error && <Failed error={file.error} />}
      <Filters label={t("search.label")}>
        <SearchField
          label={t("search.label")}
          placeholder={t("search.placeholder")}
          value={query.q ?? ""}
          onSearch={(q) => setQuery({ q }, { replace: true })}
        />
        <Button
          leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {set > 0 ? t("filter.some", { count: set, n: set }) : t("filter.label")}
        </Button>
      </Filters>
      {open && <FilterFields />}
      <DataTable
        columns={columns}
        list={list}
        rowKey={(row) => row.id}
        rowTo={(row) => `/customers/${row.id}`}
        label={t("title")}
        empty={
          narrowed ? (
            <EmptyState
              title={t("none_found.title")}
              action={
                set > 0 && (
                  <Button
                    onClick={() =>
                      setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])))
                    }
                  >
                    {t("filter.clear")}
                  </Button>
                )
              }
            >
              {t("none_found.text")}
            </EmptyState>
          ) : (
            <EmptyState title={t("empty.title")}>{t("empty.text")}</EmptyState>
          )
        }
      />
    </>
  );
}

function FilterFields() {
  const { t } = useTranslation("customers");
  const [query, setQuery] = useQueryState();
  const any = { value: "", label: t("filter.any") };
  const yesNo = (yes: string, no: string) => [
    any,
    { value: "true", label: t(yes) },
    { value: "false", label: t(no) },
  ];
  return (
    <Section
      title={t("filter.label")}
      aside={
        filtersSet(query) > 0 && (
          <Button
            size="xs"
            variant="subtle"
            onClick={() => setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])))}
          >
            {t("filter.clear")}
          </Button>
        )
      }
    >
      <Fields>
        <Select
          label={t("filter.region")}
          data={[any, ...REGIONS.map(([value, label]) => ({ value, label }))]}
          value={query.region ?? ""}
          onChange={(region) => setQuery({ region, province: null })}
          searchable
        />
        <MultiSelect
          label={t("filter.province")}
          data={PROVINCES.map(([value, name]) => ({ value, label: `${name} (${value})` }))}
          value={query.province ? query.province.split(",") : []}
          onChange={(chosen) => setQuery({ province: chosen.join(","), region: null })}
          searchable
          clearable
          hidePickedOptions
        />
        <NumberInput
          label={t("filter.orders_min")}
          value={query.orders_min ?? ""}
          onChange={(value) => setQuery({ orders_min: String(value) }, { replace: true })}
          allowDecimal={false}
        />
        <NumberInput
          label={t("filter.orders_max")}
          value={query.orders_max ?? ""}
          onChange={(value) => setQuery({ orders_max: String(value) }, { replace: true })}
          allowDecimal={false}
        />
        <TextInput
          type="date"
          label={t("filter.last_order_from")}
          value={query.last_order_from ?? ""}
          onChange={(event) =>
            setQuery({ last_order_from: event.currentTarget.value }, { replace: true })
          }
        />
        <TextInput
          type="date"
          label={t("filter.last_order_before")}
          value={query.last_order_before ?? ""}
          onChange={(event) =>
            setQuery({ last_order_before: event.currentTarget.value }, { replace: true })
          }
        />
        <Select
          label={t("filter.marketing_email")}
          data={yesNo("filter.agreed", "filter.not_agreed")}
          value={query.marketing_email ?? ""}
          onChange={(marketing_email) => setQuery({ marketing_email })}
        />
        <Select
          label={t("filter.unreachable")}
          data={yesNo("filter.cannot", "filter.can")}
          value={query.unreachable ?? ""}
          onChange={(unreachable) => setQuery({ unreachable })}
        />
        <Select
          label={t("filter.at_risk")}
          data={yesNo("filter.risk", "filter.no_risk")}
          value={query.at_risk ?? ""}
          onChange={(at_risk) => setQuery({ at_risk })}
        />
      </Fields>
    </Section>
  );
}
