import { Button } from "@mantine/core";
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "./format";
import { Link, useGo } from "./link";
import { Failed, Loading } from "./states";
import css from "./table.module.css";

/** One column. */
export interface Column<T> {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  align?: "right";
  /** The cell that names the row: its link, and the head of its card on a phone. */
  primary?: boolean;
  /** Left out on a phone, where the row's own page tells it. */
  hideOnPhone?: boolean;
  /** On a phone without its header, e.g. for buttons. */
  bare?: boolean;
}

/** Rows of a list, as `useList` gives them. */
interface Rows<T> {
  items: T[] | undefined;
  error?: unknown;
  stale?: boolean;
  again?: () => void;
  more?: (() => void) | null;
  loadingMore?: boolean;
}

/**
 * A list: a table where there is room, cards on a phone. Arrow keys move between rows, Enter opens one.
 * The order is the server's, so that it holds over all pages.
 */
export function DataTable<T>({
  columns,
  list,
  rowKey,
  rowTo,
  onRow,
  label,
  empty,
}: {
  columns: Column<T>[];
  list: Rows<T>;
  rowKey: (row: T) => string;
  /** Where a row leads. */
  rowTo?: (row: T) => string;
  /** What a row opens here instead. */
  onRow?: (row: T) => void;
  label: string;
  empty: ReactNode;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const go = useGo();
  const { items } = list;
  if (!items) {
    return list.error ? <Failed error={list.error} retry={list.again} /> : <Loading />;
  }
  const failed = list.error ? <Failed error={list.error} retry={list.again} /> : null;
  if (items.length === 0) {
    return (
      <>
        {failed}
        <div className={css.frame}>{empty}</div>
      </>
    );
  }
  const opens = rowTo ?? onRow;
  const open = (row: T) => (onRow ? onRow(row) : rowTo ? go(rowTo(row)) : undefined);
  const onClick = (row: T) => (event: MouseEvent<HTMLElement>) => {
    const inner = (event.target as HTMLElement).closest("a,button,input,label,select,[role=menu]");
    if (!inner && !getSelection()?.toString()) {
      open(row);
    }
  };
  const onKeyDown = (row: T) => (event: KeyboardEvent<HTMLTableRowElement>) => {
    if (event.target !== event.currentTarget) {
      return;
    }
    const to = {
      ArrowDown: event.currentTarget.nextElementSibling,
      ArrowUp: event.currentTarget.previousElementSibling,
      Home: event.currentTarget.parentElement?.firstElementChild,
      End: event.currentTarget.parentElement?.lastElementChild,
    }[event.key];
    if (to instanceof HTMLElement) {
      event.preventDefault();
      to.focus();
    } else if (event.key === "Enter" && opens) {
      event.preventDefault();
      open(row);
    }
  };
  return (
    <>
      {failed}
      <div className={css.frame}>
        <div className={css.scroll}>
          <table className={`${css.table} ${list.stale ? css.stale : ""}`} aria-label={label}>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column.id} scope="col" data-align={column.align}>
                    {column.header || <span className="visually-hidden">{t("actions")}</span>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((row) => (
                <tr
                  key={rowKey(row)}
                  className={opens ? css.row : undefined}
                  tabIndex={opens ? 0 : undefined}
                  onClick={opens ? onClick(row) : undefined}
                  onKeyDown={opens ? onKeyDown(row) : undefined}
                >
                  {columns.map((column) => (
                    <td
                      key={column.id}
                      data-label={column.header}
                      data-align={column.align}
                      data-primary={column.primary || undefined}
                      data-phone={column.hideOnPhone ? "no" : undefined}
                      data-bare={column.bare || undefined}
                    >
                      {column.primary && rowTo ? (
                        <Link to={rowTo(row)} className={css.rowLink} tabIndex={-1}>
                          {column.cell(row)}
                        </Link>
                      ) : (
                        column.cell(row)
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {list.more && (
          <div className={css.more}>
            <span className="muted">
              {t("shown", { count: items.length, n: format.number(items.length) })}
            </span>
            <Button size="xs" onClick={list.more} loading={list.loadingMore}>
              {t("more")}
            </Button>
          </div>
        )}
      </div>
    </>
  );
}
