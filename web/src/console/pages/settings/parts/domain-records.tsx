import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../../api/client";
import { useChange, useGet } from "../../../api/hooks";
import { useSession } from "../../../api/session";
import type { Schemas, With } from "../../../api/types";
import { pick, useLang } from "../../../i18n/lang";
import { CopyField } from "../../../ui/copy";
import { Time } from "../../../ui/format";
import { Notice } from "../../../ui/notice";
import { problemWords } from "../../../ui/problem";
import { Section } from "../../../ui/section";
import { Await } from "../../../ui/states";
import { Status, type Tone } from "../../../ui/status";
import css from "./domain.module.css";

/** `GET /shop/domain` */
export type Domain = With<
  Schemas["Domain"],
  {
    records: With<
      Schemas["DomainRecord"],
      { state: "found" | "missing" | "different" | "unknown" }
    >[];
  }
>;

const TONES: Record<Domain["records"][number]["state"], Tone> = {
  found: "good",
  missing: "attention",
  different: "bad",
  unknown: "neutral",
};

/** The DNS records of the sender's domain, to copy, with a live check. */
export function DomainRecords() {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const lang = useLang();
  const { may, shop } = useSession();
  const queries = useQueryClient();
  const query = useGet<Domain>("/shop/domain", { topics: ["settings"] });
  const make = useChange<void, Domain>(() => api.post<Domain>("/shop/domain"), {
    onDone: (next) => queries.setQueryData([shop.slug, "/shop/domain", {}], next),
  });
  const failed = make.error ? problemWords(common, make.error) : null;
  return (
    <Await query={query}>
      {(domain) => {
        const keyless = domain.records.some((record) => record.value === "");
        const left = domain.records.filter((record) => record.state !== "found").length;
        return (
          <>
            {failed && (
              <Notice tone="bad" live title={failed.title}>
                {failed.text}
              </Notice>
            )}
            <Notice
              tone={left === 0 ? "good" : "neutral"}
              title={left === 0 ? t("domain.allFound") : t("domain.left", { count: left })}
              actions={
                <Button
                  size="xs"
                  loading={query.isFetching}
                  leftSection={<IconRefresh size={16} aria-hidden />}
                  onClick={() => void query.refetch()}
                >
                  {t("domain.again")}
                </Button>
              }
            >
              {t("domain.checked", { domain: domain.domain })} <Time at={domain.checked_at} />.
              {left > 0 && ` ${t("domain.slow")}`}
            </Notice>
            {domain.records.map((record) => (
              <Section
                key={record.kind + record.name}
                title={t(`domain.record.${record.id}`, { defaultValue: record.name })}
                aside={
                  <Status tone={TONES[record.state]}>{t(`domain.state.${record.state}`)}</Status>
                }
              >
                <p className={css.why}>{pick(lang, record, "why")}</p>
                {record.value === "" ? (
                  <p className="muted">{t("domain.noKey")}</p>
                ) : (
                  <div className={css.record}>
                    <div>
                      <span className={css.label}>{t("domain.kind")}</span>
                      <code className="mono">{record.kind}</code>
                    </div>
                    <CopyField label={t("domain.name")} value={record.name} />
                    <CopyField label={t("domain.value")} value={record.value} />
                    {record.state === "different" && record.found && (
                      <p>
                        {t("domain.foundNow")}{" "}
                        <code className={`mono ${css.found}`}>{record.found}</code>
                      </p>
                    )}
                  </div>
                )}
              </Section>
            ))}
            {keyless && may("settings:write") && (
              <Button variant="filled" loading={make.isPending} onClick={() => make.mutate()}>
                {t("domain.make")}
              </Button>
            )}
          </>
        );
      }}
    </Await>
  );
}
