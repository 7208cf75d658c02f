import { IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { TONE_ICONS, type Tone } from "./status";
import css from "./ui.module.css";

/** A line on the page that one should see. `live` announces it when it appears. */
export function Notice({
  tone = "neutral",
  title,
  children,
  actions,
  live,
}: {
  tone?: Tone;
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  live?: boolean;
}) {
  const Icon = tone === "neutral" ? IconInfoCircle : TONE_ICONS[tone];
  const role = live ? (tone === "bad" ? "alert" : "status") : undefined;
  return (
    <div className={css.notice} data-tone={tone} role={role}>
      <Icon size={18} aria-hidden />
      <div className={css.noticeBody}>
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
        {actions && <div className={css.noticeActions}>{actions}</div>}
      </div>
    </div>
  );
}
