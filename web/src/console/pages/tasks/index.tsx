import { Checkbox, SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Schemas } from "../../api/types";
import { DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { Time } from "../../ui/format";
import { Link } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { useQueryState } from "../../ui/query-state";
import { Filters } from "../../ui/section";
import { useUndo } from "../../ui/undo";

type Task = Schemas["TaskShape"];

/** What somebody has to do, oldest first to be settled. */
export default function Tasks() {
  const { t } = useTranslation("tasks");
  const { may } = useSession();
  const undo = useUndo();
  const [query, setQuery] = useQueryState();
  const done = query.show === "done";
  const list = useList<Task>("/tasks", { query: { open: !done }, topics: ["tasks"] });
  const settle = useChange<{ id: string; done: boolean }>(
    ({ id, done: to }) => api.put(`/tasks/${id}`, { done: to }),
    { topics: ["tasks", "counters"] },
  );
  const { words } = useProblem(settle.error);
  const n = list.items?.length ?? 0;
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={
          list.items && !done
            ? n === 0
              ? t("nothing")
              : list.more
                ? t("many", { n })
                : t("open", { count: n })
            : t("about")
        }
      />
      <Filters label={t("show")}>
        <SegmentedControl
          aria-label={t("show")}
          value={done ? "done" : "open"}
          onChange={(value) => setQuery({ show: value === "done" ? "done" : undefined })}
          data={[
            { value: "open", label: t("toDo") },
            { value: "done", label: t("done") },
          ]}
        />
      </Filters>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <DataTable
        label={t("title")}
        list={list}
        rowKey={(task) => task.id}
        empty={
          <EmptyState title={t(done ? "emptyDone" : "emptyTitle")}>
            {t(done ? "emptyDoneText" : "emptyText")}
          </EmptyState>
        }
        columns={[
          {
            id: "title",
            header: t("what"),
            primary: true,
            cell: (task) =>
              may("tasks:write") ? (
                <Checkbox
                  label={task.title}
                  checked={task.done_at !== null}
                  onChange={(event) => {
                    const to = event.currentTarget.checked;
                    settle.mutate(
                      { id: task.id, done: to },
                      {
                        onSuccess: () =>
                          undo({
                            text: to ? t("settled", { title: task.title }) : t("reopened"),
                            onUndo: () => settle.mutate({ id: task.id, done: !to }),
                          }),
                      },
                    );
                  }}
                />
              ) : (
                task.title
              ),
          },
          {
            id: "customer",
            header: t("customer"),
            cell: (task) =>
              task.customer ? (
                <Link to={`/customers/${task.customer.id}`}>
                  {task.customer.name ?? t("nameless")}
                </Link>
              ) : null,
          },
          {
            id: "order",
            header: t("order"),
            cell: (task) =>
              task.order_id ? <Link to={`/orders/${task.order_id}`}>{t("openOrder")}</Link> : null,
          },
          {
            id: "due",
            header: t("due"),
            cell: (task) => (task.due_at ? <Time at={task.due_at} /> : null),
          },
          {
            id: "at",
            header: done ? t("doneAt") : t("since"),
            cell: (task) => <Time at={(done && task.done_at) || task.opened_at} />,
          },
        ]}
      />
    </>
  );
}
