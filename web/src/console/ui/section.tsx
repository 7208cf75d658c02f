import { type ReactNode, useId } from "react";
import css from "./ui.module.css";

/** A part of a page. */
export function Section({
  title,
  aside,
  children,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={css.section} aria-labelledby={title ? id : undefined}>
      {(title || aside) && (
        <div className={css.sectionHead}>
          {title && <h2 id={id}>{title}</h2>}
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}

/** Names and values; what is null is left out. */
export function Facts({ items }: { items: ({ label: ReactNode; value: ReactNode } | null)[] }) {
  return (
    <dl className={css.facts}>
      {items.map((item, index) =>
        item === null || item.value === null || item.value === undefined ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the order of the facts is fixed
          <div key={index} style={{ display: "contents" }}>
            <dt>{item.label}</dt>
            <dd>{item.value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** Filters above a list. */
export function Filters({ children, label }: { children: ReactNode; label: string }) {
  return (
    <search className={css.filters} aria-label={label}>
      {children}
    </search>
  );
}

/** Fields beside each other where there is room. */
export function Fields({ children }: { children: ReactNode }) {
  return <div className={css.fields}>{children}</div>;
}

/** The end of a form: its buttons and what came of it. With `stays` it stays in sight. */
export function FormEnd({ children, stays }: { children: ReactNode; stays?: boolean }) {
  return (
    <div className={stays ? css.saveBar : undefined}>
      <div className={css.formEnd}>{children}</div>
    </div>
  );
}
