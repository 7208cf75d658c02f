import {
  IconAlertTriangle,
  IconBox,
  IconCircleCheck,
  IconCircleX,
  IconTruck,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { said, useLang } from "../../i18n/lang";
import { Status, type Tone } from "../../ui/status";
import type { ParcelBrief, Standing } from "./types";

const LOOK: Record<Standing, [Tone, TablerIcon]> = {
  open: ["neutral", IconBox],
  shipped: ["neutral", IconTruck],
  trouble: ["attention", IconAlertTriangle],
  delivered: ["good", IconCircleCheck],
  cancelled: ["neutral", IconCircleX],
};

/** Where an order stands as a whole. */
export function StandingBadge({ standing }: { standing: Standing }) {
  const { t } = useTranslation("orders");
  const [tone, icon] = LOOK[standing] ?? ["neutral", IconBox];
  return (
    <Status tone={tone} icon={icon}>
      {t(`standing_one.${standing}`)}
    </Status>
  );
}

const BAD = ["lost", "returned", "returning", "refused"];
const ATTENTION = ["attempt_failed", "held_at_depot", "expired"];
const GOOD = ["delivered", "collected"];

/** What a parcel's state means to the shop. */
export function parcelTone(state: string): Tone {
  if (GOOD.includes(state)) {
    return "good";
  }
  return BAD.includes(state) ? "bad" : ATTENTION.includes(state) ? "attention" : "neutral";
}

/** Where a parcel is. */
export function ParcelBadge({ parcel }: { parcel: Pick<ParcelBrief, "state" | "it" | "en"> }) {
  const lang = useLang();
  const tone = parcelTone(parcel.state);
  return (
    <Status tone={tone} icon={tone === "neutral" ? IconTruck : undefined}>
      {said(lang, parcel)}
    </Status>
  );
}
