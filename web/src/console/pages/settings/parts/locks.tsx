import { IconLock } from "@tabler/icons-react";
import { useLang } from "../../../i18n/lang";
import css from "../settings.module.css";
import type { Locked } from "./types";

/** What the law fixes about these fields, with its rule. */
export function Locks({ locked, fields }: { locked: Locked[]; fields: string[] }) {
  const lang = useLang();
  const shown = locked.filter((lock) =>
    fields.some((field) => lock.field === field || lock.field.startsWith(`${field}.`)),
  );
  return shown.length === 0 ? null : (
    <ul className={css.locks}>
      {shown.map((lock) => (
        <li key={lock.field + lock.rule} className={css.lock}>
          <IconLock size={16} aria-hidden />
          <span>
            {lock[lang]} <small>{lock.rule}</small>
          </span>
        </li>
      ))}
    </ul>
  );
}
