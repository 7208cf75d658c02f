import { Checkbox, NativeSelect } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Draft } from "./draft";
import css from "./hours.module.css";
import type { ShopSettings, WeekHours } from "./types";

const DAYS = ["weekdays", "saturday", "sunday", "holidays", "eves"] as const;
type Day = (typeof DAYS)[number];

/** What the law leaves of a day; null is closed. The server holds to it whatever is shown here. */
type Bounds = Partial<Record<Day, [fromHour: number, toHour: number] | null>>;

/** The widest hours of each kind of traffic. A kind that is not named is free. */
export const WIDEST: Record<keyof ShopSettings["quiet_hours"], Bounds> = {
  promo_message: { weekdays: [8, 22], saturday: [8, 22], sunday: null, holidays: null },
  promo_call: {
    weekdays: [9, 20],
    saturday: [10, 19],
    sunday: null,
    holidays: null,
    eves: [10, 19],
  },
  service_message: {},
  marketing_email: {},
};

/** Steps of a window's ends, in minutes. */
const STEP_MIN = 30;

/** `9:00-20:00` in minutes of the day. */
export function minutes(window: string): [number, number] {
  const [from = 0, to = 24 * 60] = window.split("-").map((part) => {
    const [h = "0", m = "0"] = part.split(":");
    return Number(h) * 60 + Number(m);
  });
  return [from, to];
}

/** Minutes of the day as `9:00`. */
export function clock(minute: number): string {
  return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
}

function options(from: number, to: number, ...always: number[]): string[] {
  const all = new Set(always);
  for (let minute = from; minute <= to; minute += STEP_MIN) {
    all.add(minute);
  }
  return [...all].sort((a, b) => a - b).map(clock);
}

/** When one kind of traffic may leave, day by day. */
export function Hours({ draft, kind }: { draft: Draft; kind: keyof ShopSettings["quiet_hours"] }) {
  const { t } = useTranslation("settings");
  const hours: WeekHours = draft.draft.quiet_hours[kind];
  const bounds = WIDEST[kind];
  const days = DAYS.filter((day) => day !== "eves" || bounds.eves !== undefined);
  return (
    <fieldset className={css.hours}>
      <legend>{t(`hours.${kind}`)}</legend>
      <p className="muted">{t(`hours.${kind}Help`)}</p>
      {days.map((day) => {
        const path = `quiet_hours.${kind}.${day}`;
        const limit = bounds[day];
        const error = draft.error(path) ?? draft.error(`quiet_hours.${kind}`);
        if (limit === null) {
          return (
            <div key={day} className={css.day}>
              <span>{t(`hours.day.${day}`)}</span>
              <span className={css.locked}>
                <IconLock size={16} aria-hidden />
                {t("hours.closedByLaw")}
              </span>
            </div>
          );
        }
        const [least, most] = limit ? [limit[0] * 60, limit[1] * 60] : [0, 24 * 60];
        const window = hours[day] ?? null;
        const [from, to] = window ? minutes(window) : [least, most];
        return (
          <div key={day} className={css.day}>
            <Checkbox
              label={t(`hours.day.${day}`)}
              checked={window !== null}
              disabled={draft.readOnly}
              onChange={(event) =>
                draft.set(
                  path,
                  event.currentTarget.checked ? `${clock(least)}-${clock(most)}` : null,
                )
              }
            />
            {window ? (
              <span className={css.window}>
                <NativeSelect
                  size="xs"
                  aria-label={`${t(`hours.day.${day}`)}: ${t("hours.from")}`}
                  data={options(least, to - STEP_MIN, from)}
                  value={clock(from)}
                  disabled={draft.readOnly}
                  error={error !== null}
                  onChange={(event) => draft.set(path, `${event.currentTarget.value}-${clock(to)}`)}
                />
                <span aria-hidden>–</span>
                <NativeSelect
                  size="xs"
                  aria-label={`${t(`hours.day.${day}`)}: ${t("hours.to")}`}
                  data={options(from + STEP_MIN, most, to)}
                  value={clock(to)}
                  disabled={draft.readOnly}
                  error={error !== null}
                  onChange={(event) =>
                    draft.set(path, `${clock(from)}-${event.currentTarget.value}`)
                  }
                />
              </span>
            ) : (
              <span className="muted">
                {day === "eves" ? t("hours.asWeekdays") : t("hours.closed")}
              </span>
            )}
            {error && <span className={css.error}>{error}</span>}
          </div>
        );
      })}
    </fieldset>
  );
}
