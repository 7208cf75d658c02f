import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { List } from "../../api/hooks";
import { type Column, DataTable } from "../../ui/data-table";
import { MoneyText, Time, useFormat } from "../../ui/format";
import css from "./orders.module.css";
import type { OrderRow } from "./types";
import { ParcelBadge, StandingBadge } from "./words";

/** Parcels named in a row; the rest is told as a number. */
const PARCELS_SHOWN_MAX = 2;

/** Orders as a table; `ofOne` leaves the customer out. */
export function OrdersTable({
  list,
  ofOne,
  label,
  empty,
}: {
  list: List<OrderRow>;
  ofOne?: boolean;
  label: string;
  empty: ReactNode;
}) {
  const { t } = useTranslation("orders");
  const format = useFormat();
  const columns: Column<OrderRow>[] = [
    {
      id: "number",
      header: t("column.number"),
      primary: true,
      cell: (row) => (
        <>
          {row.number}
          {row.test && <span className="muted"> · {t("test_short")}</span>}
        </>
      ),
    },
    ...(ofOne
      ? []
      : [
          {
            id: "customer",
            header: t("column.customer"),
            cell: (row: OrderRow) => (
              <span>
                {row.customer?.name ?? row.customer?.email ?? t("without_customer")}
                {row.province && <span className="muted"> · {row.province}</span>}
              </span>
            ),
          },
        ]),
    {
      id: "standing",
      header: t("column.standing"),
      cell: (row) => <StandingBadge standing={row.standing} />,
    },
    {
      id: "parcels",
      header: t("column.parcels"),
      cell: (row) =>
        row.parcels.length === 0 ? (
          <span className="muted">{t("no_parcels_short")}</span>
        ) : (
          <div className={css.parcels}>
            {row.parcels.slice(0, PARCELS_SHOWN_MAX).map((parcel) => (
              <span key={parcel.seq} className={css.parcelBrief}>
                <ParcelBadge parcel={parcel} />
                {parcel.carrier && <span className="muted">{parcel.carrier}</span>}
              </span>
            ))}
            {row.parcels.length > PARCELS_SHOWN_MAX && (
              <span className="muted">
                {t("more_parcels", {
                  count: row.parcels.length - PARCELS_SHOWN_MAX,
                  n: row.parcels.length - PARCELS_SHOWN_MAX,
                })}
              </span>
            )}
          </div>
        ),
    },
    {
      id: "items",
      header: t("column.items"),
      align: "right",
      hideOnPhone: true,
      cell: (row) => format.number(row.items),
    },
    {
      id: "total",
      header: t("column.total"),
      align: "right",
      cell: (row) => <MoneyText value={row.total} />,
    },
    {
      id: "placed",
      header: t("column.placed"),
      align: "right",
      cell: (row) => <Time at={row.placed_at} />,
    },
  ];
  return (
    <DataTable
      columns={columns}
      list={list}
      rowKey={(row) => row.id}
      rowTo={(row) => `/orders/${row.id}`}
      label={label}
      empty={empty}
    />
  );
}
