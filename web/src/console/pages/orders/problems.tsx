import { useState } from "react";
import { useTranslation } from "react-i18next";
import { apiUrl } from "../../api/client";
import { useSession } from "../../api/session";
import { Time } from "../../ui/format";
import { Section } from "../../ui/section";
import { Status } from "../../ui/status";
import css from "./orders.module.css";
import type { Reported } from "./types";

/** Problems that the customer reported on their page, with photos. */
export function ProblemsSection({ orderId, problems }: { orderId: string; problems: Reported[] }) {
  const { t } = useTranslation("parcels");
  const { shop } = useSession();
  return (
    <Section title={t("problems.title")}>
      <ul className={css.returns}>
        {[...problems].reverse().map((one) => (
          <li key={`${one.at}${one.kind}`} className={css.problem}>
            <div>
              <Status tone="attention">{t(`problems.kind.${one.kind}`)}</Status>{" "}
              <span className="muted">
                {one.parcel != null && `${t("problems.of", { n: one.parcel + 1 })} · `}
                <Time at={one.at} kind="short" />
              </span>
            </div>
            {one.text && <p className={css.said}>{one.text}</p>}
            {one.photos.length > 0 && (
              <div className={css.photos}>
                {one.photos.map((photo, at) => {
                  const path = `/orders/${encodeURIComponent(orderId)}/photos/${encodeURIComponent(photo)}`;
                  const address = apiUrl(path, { shop: shop.slug });
                  return (
                    <Photo key={photo} address={address} alt={t("problems.photo", { n: at + 1 })} />
                  );
                })}
              </div>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** A photo, or the word that its time is over. */
function Photo({ address, alt }: { address: string; alt: string }) {
  const { t } = useTranslation("parcels");
  const [gone, setGone] = useState(false);
  if (gone) {
    return <span className="muted">{t("problems.photoGone")}</span>;
  }
  return (
    <a href={address} target="_blank" rel="noreferrer">
      <img
        src={address}
        alt={alt}
        loading="lazy"
        width={120}
        height={120}
        onError={() => setGone(true)}
      />
    </a>
  );
}
