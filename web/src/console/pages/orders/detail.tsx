import { Button } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/hooks";
import { said, useLang } from "../../i18n/lang";
import { EmptyState } from "../../ui/empty";
import { MoneyText, Time, useFormat } from "../../ui/format";
import { Link } from "../../ui/link";
import { PageHead } from "../../ui/page-head";
import { Facts, Section } from "../../ui/section";
import { Await } from "../../ui/states";
import { MessagesTable } from "../messages/table";
import css from "./orders.module.css";
import { ParcelSection } from "./parcel";
import { ProblemsSection } from "./problems";
import type { OrderDetail, OrderSnapshot, PostalAddress } from "./types";
import { StandingBadge } from "./words";

/** One order: where its parcels are, what was bought, what was written about it. */
export default function Order() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useGet<OrderDetail>(`/orders/${encodeURIComponent(id)}`, {
    topics: ["orders", "messages"],
    keep: false,
  });
  return <Await query={query}>{(order) => <Shown order={order} />}</Await>;
}

function Shown({ order }: { order: OrderDetail }) {
  const { t } = useTranslation("orders");
  const lang = useLang();
  const format = useFormat();
  const { customer } = order;
  const name = customer?.name ?? customer?.email ?? t("without_customer");
  return (
    <>
      <PageHead
        title={t("one", { number: order.number })}
        back={{ to: "/orders", label: t("title") }}
        sentence={t(`says.${order.standing}`, {
          name,
          day: format.date(order.placed_at),
          total: format.money(order.total),
        })}
        actions={
          <Button
            component="a"
            href={order.page_url}
            target="_blank"
            rel="noreferrer"
            rightSection={<IconExternalLink size={16} aria-hidden />}
          >
            {t("customer_page")}
          </Button>
        }
      />
      <div className={css.columns}>
        <div>
          {order.parcels.length === 0 ? (
            <Section title={t("parcels")}>
              <p className="muted">
                {t(order.standing === "cancelled" ? "no_parcels_cancelled" : "no_parcels")}
              </p>
            </Section>
          ) : (
            order.parcels.map((parcel, at) => (
              <ParcelSection
                key={parcel.seq}
                parcel={parcel}
                orderId={order.id}
                promisedOn={order.promised_on}
                of={order.parcels.length > 1 ? [at + 1, order.parcels.length] : null}
              />
            ))
          )}
          {order.problems.length > 0 && (
            <ProblemsSection orderId={order.id} problems={order.problems} />
          )}
          <Section title={t("lines")}>
            <Lines snapshot={order} />
          </Section>
        </div>
        <div>
          <Section title={t("about")} aside={<StandingBadge standing={order.standing} />}>
            <Facts
              items={[
                {
                  label: t("column.customer"),
                  value: customer ? <Link to={`/customers/${customer.id}`}>{name}</Link> : name,
                },
                { label: t("column.placed"), value: <Time at={order.placed_at} kind="long" /> },
                order.payment
                  ? {
                      label: t("payment_label"),
                      value: (
                        <>
                          {t(`payment.${order.payment}`, { defaultValue: order.payment })}
                          {order.cash_on_delivery ? ` · ${t("cash_on_delivery")}` : ""}
                        </>
                      ),
                    }
                  : null,
                { label: t("shipping_method"), value: order.shipping_method ?? null },
                {
                  label: t("promised_on"),
                  value: order.promised_on ? format.date(order.promised_on) : null,
                },
                {
                  label: t("ship_to"),
                  value: order.ship_to ? <Address address={order.ship_to} /> : null,
                },
                {
                  label: t("discount_codes"),
                  value: order.discount_codes?.length ? format.list(order.discount_codes) : null,
                },
                {
                  label: t("cancelled_at"),
                  value: order.cancelled_at ? <Time at={order.cancelled_at} kind="long" /> : null,
                },
                order.test ? { label: t("test_label"), value: t("test") } : null,
                order.page_goods
                  ? {
                      label: t("page_goods"),
                      value: t(order.page_goods.shown ? "page_goods_yes" : "page_goods_no", {
                        why: said(lang, order.page_goods),
                      }),
                    }
                  : null,
              ]}
            />
          </Section>
          {order.returns.length > 0 && (
            <Section title={t("returns")}>
              <ul className={css.returns}>
                {order.returns.map((one) => (
                  <li key={one.external_id}>
                    {said(lang, one)}{" "}
                    <span className="muted">
                      <Time at={one.at} kind="short" />
                    </span>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </div>
      </div>
      <h2 className={css.part}>{t("messages")}</h2>
      <MessagesTable
        list={{
          items: order.messages,
          error: null,
          loading: false,
          stale: false,
          again: () => {},
          more: null,
          loadingMore: false,
        }}
        about="order"
        label={t("messages")}
        empty={<EmptyState title={t("no_messages.title")}>{t("no_messages.text")}</EmptyState>}
      />
    </>
  );
}

function Lines({ snapshot }: { snapshot: OrderSnapshot }) {
  const { t } = useTranslation("orders");
  const format = useFormat();
  const sums = (["subtotal", "shipping", "discount", "refunded"] as const).flatMap((name) => {
    const value = snapshot[name];
    return value && value.cents !== 0 ? [[name, value] as const] : [];
  });
  return (
    <table className={css.lines}>
      <tbody>
        {snapshot.lines.map((line) => (
          <tr key={line.id}>
            <th scope="row">
              {line.url && /^https?:/.test(line.url) ? (
                <a href={line.url} target="_blank" rel="noreferrer">
                  {line.title}
                </a>
              ) : (
                line.title
              )}
              {line.variant && <span className="muted"> · {line.variant}</span>}
            </th>
            <td>{format.number(line.quantity)} ×</td>
            <td>{format.money(line.unit_price)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        {sums.map(([name, value]) => (
          <tr key={name} className="muted">
            <th scope="row" colSpan={2}>
              {t(`sum.${name}`)}
            </th>
            <td>{format.money(value)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row" colSpan={2}>
            <strong>{t("sum.total")}</strong>
          </th>
          <td>
            <strong>
              <MoneyText value={snapshot.total} />
            </strong>
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

function Address({ address }: { address: PostalAddress }) {
  const town = [address.postal_code, address.city, address.province && `(${address.province})`]
    .filter(Boolean)
    .join(" ");
  const rows = [address.name, address.company, address.street, address.extra, town].filter(Boolean);
  return (
    <address className={css.address}>
      {rows.map((row) => (
        <span key={row}>{row}</span>
      ))}
    </address>
  );
}
