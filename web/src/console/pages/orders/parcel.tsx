import { useTranslation } from "react-i18next";
import { said, useLang } from "../../i18n/lang";
import { MoneyText, Time, useFormat } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { Facts, Section } from "../../ui/section";
import { AskCourier } from "./ask";
import { HoldSection } from "./hold";
import css from "./orders.module.css";
import type { Checkpoint, ParcelFull } from "./types";
import { ParcelBadge, parcelTone } from "./words";

/** A parcel: where it is, why, who must act and until when, when it comes, its hold, its checkpoints. */
export function ParcelSection({
  parcel,
  of,
  orderId,
  promisedOn,
}: {
  parcel: ParcelFull;
  of: [number, number] | null;
  orderId?: string;
  promisedOn?: string | null;
}) {
  const { t } = useTranslation(["orders", "parcels"]);
  const format = useFormat();
  const last = parcel.holds?.at(-1);
  // What was asked before a hold and answered by the parcel itself is over.
  const hold = last?.early && last.closed_at && !last.action ? undefined : last;
  return (
    <Section
      title={of ? t("parcel_of", { n: of[0], all: of[1] }) : t("parcel")}
      aside={<ParcelBadge parcel={parcel} />}
    >
      <p className={css.carrier}>
        {parcel.carrier ?? t("no_carrier")}
        {parcel.number && (
          <>
            {" · "}
            {parcel.url ? (
              <a href={parcel.url} target="_blank" rel="noreferrer">
                {parcel.number}
              </a>
            ) : (
              parcel.number
            )}
          </>
        )}
        {parcel.direction && parcel.direction !== "outbound" && (
          <> · {t(`parcels:direction.${parcel.direction}`)}</>
        )}
        {parcel.former_numbers && parcel.former_numbers.length > 0 && (
          <span className="muted">
            {" "}
            · {t("parcels:former", { numbers: format.list(parcel.former_numbers) })}
          </span>
        )}
      </p>
      {parcel.silent_since && (
        <Notice tone="attention">
          {t("parcels:since_silent", { since: format.dateTime(parcel.silent_since) })}
        </Notice>
      )}
      {parcel.delay_told && (
        <Notice>{t("parcels:delay_told", { day: format.date(parcel.delay_told) })}</Notice>
      )}
      <Standing parcel={parcel} promisedOn={promisedOn} />
      {orderId && (
        <AskCourier
          orderId={orderId}
          seq={parcel.seq}
          ask={parcel.ask}
          troubled={Boolean(parcel.trouble ?? parcel.delay_told)}
        />
      )}
      {hold && orderId && <HoldSection orderId={orderId} seq={parcel.seq} hold={hold} />}
      {parcel.checkpoints.length === 0 ? (
        <p className="muted">{t("no_checkpoints")}</p>
      ) : (
        <ol className={css.checkpoints}>
          {newestFirst(parcel.checkpoints).map((one) => (
            <CheckpointRow
              key={`${one.at}${one.state}${one.known_at}${one.code}`}
              checkpoint={one}
            />
          ))}
        </ol>
      )}
    </Section>
  );
}

/** States after which nobody waits for a day. */
const ENDED = [
  "delivered",
  "collected",
  "refused",
  "returning",
  "returned",
  "lost",
  "cancelled",
  "expired",
];

/** The four fields, and the three days beside each other. */
function Standing({ parcel, promisedOn }: { parcel: ParcelFull; promisedOn?: string | null }) {
  const { t } = useTranslation("parcels");
  const format = useFormat();
  const { window, estimate, pickup_point: point } = parcel;
  const acts = parcel.act_by && parcel.act_by !== "nobody";
  const courier = window
    ? window.days
      ? span(window.from, window.until)
      : t("days.hours", {
          day: format.date(window.from),
          from: format.time(window.from),
          until: format.time(window.until),
        })
    : parcel.expected_on
      ? t("days.until", { day: format.date(parcel.expected_on) })
      : null;
  function span(from: string, until: string) {
    return format.day(from) === format.day(until)
      ? format.date(until)
      : t("days.between", { from: format.date(from), until: format.date(until) });
  }
  const expected = !ENDED.includes(parcel.state) && (promisedOn || courier || estimate);
  return (
    <div className={css.standing}>
      <Facts
        items={[
          parcel.reason
            ? {
                label: t("reason_label"),
                value: t(`reason.${parcel.reason}`, { defaultValue: parcel.reason }),
              }
            : null,
          acts ? { label: t("act.title"), value: t(`act.${parcel.act_by}`) } : null,
          parcel.act_deadline
            ? {
                label: t("deadline"),
                value: `${format.date(parcel.act_deadline)}, ${format.time(parcel.act_deadline)}`,
              }
            : null,
          ...(expected
            ? [
                {
                  label: t("days.promised"),
                  value: promisedOn
                    ? t("days.until", { day: format.date(promisedOn) })
                    : t("days.none"),
                },
                { label: t("days.courier"), value: courier ?? t("days.none") },
                estimate
                  ? {
                      label: t("days.ours"),
                      value: (
                        <span
                          title={t("days.coverage", {
                            percent: estimate.coverage_percent,
                            n: format.number(estimate.sample),
                          })}
                        >
                          {span(estimate.from, estimate.until)}
                        </span>
                      ),
                    }
                  : null,
              ]
            : []),
          point
            ? {
                label: t("pickup"),
                value: (
                  <>
                    {[point.name, point.street, point.postal_code, point.city]
                      .filter(Boolean)
                      .join(", ")}
                    {point.until && ` · ${t("pickup_until", { day: format.date(point.until) })}`}
                    {point.hours.length > 0 && (
                      <span className="muted">
                        {" "}
                        · {t("hours")}: {point.hours.join("; ")}
                      </span>
                    )}
                  </>
                ),
              }
            : null,
          parcel.cash_on_delivery
            ? { label: t("cod"), value: <MoneyText value={parcel.cash_on_delivery} /> }
            : null,
          parcel.weight_g
            ? {
                label: t("weight"),
                value: t("kg", { n: format.number(parcel.weight_g / 1000, 2) }),
              }
            : null,
        ]}
      />
    </div>
  );
}

/** Checkpoints with the latest on top. */
export function newestFirst(checkpoints: Checkpoint[]): Checkpoint[] {
  return [...checkpoints].sort(
    (a, b) =>
      Date.parse(b.at) - Date.parse(a.at) || Date.parse(b.known_at) - Date.parse(a.known_at),
  );
}

/** A time as the courier's own clock shows it, where its zone is known. */
export function courierTime(at: string, zone: string | null | undefined, locale: string): string {
  const show = (timeZone: string, of: Date) =>
    new Intl.DateTimeFormat(locale, {
      timeZone,
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
    }).format(of);
  const then = new Date(at);
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? "");
  if (offset) {
    const [, sign, hours, minutes] = offset;
    const ahead = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
    return show("UTC", new Date(then.getTime() + ahead * 60_000));
  }
  try {
    return show(zone ?? "Europe/Rome", then);
  } catch {
    return show("Europe/Rome", then);
  }
}

function CheckpointRow({ checkpoint }: { checkpoint: Checkpoint }) {
  const { t } = useTranslation(["orders", "parcels"]);
  const lang = useLang();
  const words = said(lang, checkpoint);
  const { source, zone } = checkpoint;
  return (
    <li data-tone={checkpoint.revoked_at ? "neutral" : parcelTone(checkpoint.state)}>
      <div>
        {checkpoint.revoked_at ? <s>{words}</s> : <strong>{words}</strong>}
        {checkpoint.place && <span className="muted"> · {checkpoint.place}</span>}
      </div>
      {(checkpoint.text || checkpoint.code) && (
        <div className="muted">
          {checkpoint.text && checkpoint.text !== words && `«${checkpoint.text}»`}{" "}
          {checkpoint.code && (
            <span className="nowrap">{t("parcels:code", { code: checkpoint.code })}</span>
          )}
        </div>
      )}
      {checkpoint.reason && (
        <div>{t(`parcels:reason.${checkpoint.reason}`, { defaultValue: checkpoint.reason })}</div>
      )}
      <div className="muted">
        {checkpoint.day_only ? (
          <Time at={checkpoint.at} kind="day" />
        ) : (
          <time dateTime={checkpoint.at} className="nowrap">
            {courierTime(checkpoint.at, zone, lang === "it" ? "it-IT" : "en-GB")}
          </time>
        )}
        {zone && <span className="nowrap"> · {t("parcels:zone", { zone })}</span>}
        {source && source !== "shop" && (
          <span className="nowrap"> · {t(`parcels:told_by.${source}`)}</span>
        )}
        {checkpoint.revoked_at && (
          <>
            {" · "}
            {t("revoked")} <Time at={checkpoint.revoked_at} kind="short" />
          </>
        )}
      </div>
    </li>
  );
}
