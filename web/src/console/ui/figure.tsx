import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import css from "./ui.module.css";
import { Why } from "./why";

/** A figure with its name. `null` is unknown and says so. */
export function Figure({
  label,
  value,
  note,
  aside,
  why,
  onOpen,
}: {
  label: string;
  value: ReactNode | null;
  note?: ReactNode;
  aside?: ReactNode;
  /** The definition, opened by its own button; not together with `onOpen`. */
  why?: ReactNode;
  onOpen?: () => void;
}) {
  const { t } = useTranslation();
  const inside = (
    <>
      <span className={css.figureLabel}>
        {label}
        {aside}
        {why && <Why label={t("why")}>{why}</Why>}
      </span>
      <span
        className={value === null ? `${css.figureValue} ${css.figureUnknown}` : css.figureValue}
      >
        {value ?? t("unknown")}
      </span>
      {note && <span className={css.figureNote}>{note}</span>}
    </>
  );
  return onOpen ? (
    <button type="button" className={css.figure} onClick={onOpen}>
      {inside}
    </button>
  ) : (
    <div className={css.figure}>{inside}</div>
  );
}
