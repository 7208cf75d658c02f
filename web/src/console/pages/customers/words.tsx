import { IconCheck, IconMailOff, IconMinus, IconQuestionMark } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Status } from "../../ui/status";
import type { CustomerRow } from "./types";

const MARKETING = {
  yes: ["good", IconCheck],
  no: ["neutral", IconMinus],
  unknown: ["neutral", IconQuestionMark],
} as const;

/** Whether offers by e-mail were agreed to; `short` where a heading says what it is about. */
export function MarketingBadge({
  marketing,
  short,
}: {
  marketing: CustomerRow["marketing_email"];
  short?: boolean;
}) {
  const { t } = useTranslation("customers");
  const [tone, icon] = MARKETING[marketing];
  return (
    <Status tone={tone} icon={icon}>
      {t(`${short ? "marketing_short" : "marketing"}.${marketing}`)}
    </Status>
  );
}

/** Why nobody can write to them by e-mail; nothing when one can. */
export function UnreachableBadge({ why }: { why: CustomerRow["unreachable"] }) {
  const { t } = useTranslation("customers");
  return why ? (
    <Status tone="attention" icon={IconMailOff}>
      {t(`unreachable.${why}`)}
    </Status>
  ) : null;
}
