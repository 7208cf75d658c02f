import {
  IconAlertTriangle,
  IconCircle,
  IconCircleCheck,
  IconCircleX,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./ui.module.css";

/** What a state means to the one who reads it. */
export type Tone = "neutral" | "good" | "attention" | "bad";

/** The icon that stands beside a tone's colour. */
export const TONE_ICONS: Record<Tone, TablerIcon> = {
  neutral: IconCircle,
  good: IconCircleCheck,
  attention: IconAlertTriangle,
  bad: IconCircleX,
};

/** A state: an icon and a word. */
export function Status({
  tone = "neutral",
  icon,
  children,
}: {
  tone?: Tone;
  icon?: TablerIcon;
  children: ReactNode;
}) {
  const Icon = icon ?? TONE_ICONS[tone];
  return (
    <span className={css.status} data-tone={tone}>
      <Icon size={14} stroke={2} aria-hidden />
      {children}
    </span>
  );
}
