import { IconClock, IconHandStop, IconMailbox, IconMailOff } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Page } from "../../api/types";
import { pick, said, useLang } from "../../i18n/lang";
import { useFormat } from "../../ui/format";
import { Link } from "../../ui/link";
import { Status, type Tone } from "../../ui/status";
import { Why } from "../../ui/why";
import type { JourneyRow } from "../journeys/types";
import type { MessageRow, MessageStatus, WhyOfMessage } from "./types";

const TONES: Record<MessageStatus, Tone> = {
  queued: "neutral",
  sending: "neutral",
  sent: "good",
  captured: "neutral",
  held_back: "attention",
  left_to_platform: "neutral",
  failed: "bad",
  bounced: "bad",
  in_doubt: "attention",
};

const ICONS = {
  queued: IconClock,
  held_back: IconHandStop,
  captured: IconMailbox,
  bounced: IconMailOff,
} as const;

/** Where a message is in its life. */
export function MessageStatusBadge({ status }: { status: MessageStatus }) {
  const { t } = useTranslation("messages");
  return (
    <Status tone={TONES[status] ?? "neutral"} icon={ICONS[status as keyof typeof ICONS]}>
      {t(`status.${status}`)}
    </Status>
  );
}

/** Why a message left or did not: the line, with the rule and the proof behind it. */
export function WhyLine({ why }: { why: WhyOfMessage }) {
  const { t } = useTranslation("messages");
  const lang = useLang();
  const rule = why.reason ? t(`rule.${why.reason}`, { defaultValue: "" }) : "";
  const basis = why.basis ? t(`basis.${why.basis}`, { defaultValue: why.basis }) : "";
  if (!rule && !basis && !why.evidence) {
    return <>{said(lang, why)}</>;
  }
  return (
    <Why label={said(lang, why)}>
      {rule && <p>{rule}</p>}
      {basis && (
        <p>
          {t("why.basis")}: {basis}
        </p>
      )}
      {why.evidence && (
        <p>
          {t("why.evidence")}: <Evidence evidence={why.evidence} />
        </p>
      )}
    </Why>
  );
}

/** A proof as the gate names it: what it is, and its number or name. */
export function proof(evidence: string): { kind: string; id: string; version: string | null } {
  const [kind = "", rest = ""] = evidence.split(/:(.*)/s);
  const [id = "", version = null] = rest.split(" notice:");
  return { kind, id, version };
}

function Evidence({ evidence }: { evidence: string }) {
  const { t } = useTranslation("messages");
  const format = useFormat();
  const { kind, id, version } = proof(evidence);
  const words = t(`evidence.${version === null ? kind : "notice"}`, {
    defaultValue: evidence,
    id,
    version: version ?? "",
    day: kind === "rpo" ? format.day(id) : "",
  });
  return kind === "order" ? <Link to={`/orders/${id}`}>{words}</Link> : words;
}

/** Names of the journeys by their id; the id itself until they are there. */
export function useJourneyNames(): (id: string | null) => string {
  const { may } = useSession();
  const lang = useLang();
  const { data } = useGet<Page<JourneyRow>>("/journeys", {
    topics: ["journeys"],
    enabled: may("journeys:read"),
  });
  const names = useMemo(
    () => new Map(data?.items.map((one) => [one.id, pick(lang, one, "name")])),
    [data, lang],
  );
  return useCallback((id) => (id ? names.get(id) || id : ""), [names]);
}

/** Who a message is for, as far as we may say it. */
export function recipient(row: MessageRow): string | null {
  const { customer } = row;
  return customer ? (customer.name ?? customer.email ?? customer.phone ?? null) : null;
}
