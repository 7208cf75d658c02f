import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ApiProblem } from "../api/client";
import { show } from "../testing/stage";
import { DataTable } from "./data-table";
import { EmptyState } from "./empty";

const columns = [
  {
    id: "name",
    header: "Nome",
    primary: true,
    cell: (row: { id: string; name: string }) => row.name,
  },
];
const rows = [
  { id: "1", name: "Anna" },
  { id: "2", name: "Bruno" },
  { id: "3", name: "Carla" },
];
const empty = <EmptyState title="Ancora nessuno">Qui staranno i clienti.</EmptyState>;

test("arrow keys move between rows and Enter opens one", async () => {
  const user = userEvent.setup();
  const { router } = await show(
    <DataTable
      label="Clienti"
      columns={columns}
      list={{ items: rows }}
      rowKey={(row) => row.id}
      rowTo={(row) => `/customers/${row.id}`}
      empty={empty}
    />,
  );
  await screen.findByText("Anna");
  await user.tab();
  expect(document.activeElement?.textContent).toContain("Anna");
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowUp}");
  expect(document.activeElement?.textContent).toContain("Bruno");
  await user.keyboard("{End}{Enter}");
  await waitFor(() => expect(router.state.location.pathname).toBe("/customers/3"));
});

test("a button in a row does not open the row", async () => {
  const user = userEvent.setup();
  const opened = vi.fn();
  await show(
    <DataTable
      label="Clienti"
      columns={[
        ...columns,
        { id: "do", header: "", cell: () => <button type="button">Fai</button> },
      ]}
      list={{ items: rows.slice(0, 1) }}
      rowKey={(row) => row.id}
      onRow={opened}
      empty={empty}
    />,
  );
  await user.click(await screen.findByText("Fai"));
  expect(opened).not.toHaveBeenCalled();
  await user.click(screen.getByText("Anna"));
  expect(opened).toHaveBeenCalledWith(rows[0]);
});

test("nothing yet teaches, a failure says what to do, more asks on", async () => {
  const more = vi.fn();
  const again = vi.fn();
  const user = userEvent.setup();
  const table = (list: Parameters<typeof DataTable<(typeof rows)[number]>>[0]["list"]) => (
    <DataTable
      label="Clienti"
      columns={columns}
      list={list}
      rowKey={(row) => row.id}
      empty={empty}
    />
  );
  await show(
    <>
      {table({ items: [] })}
      {table({ items: undefined, error: new ApiProblem(500, {}), again })}
      {table({ items: rows, more })}
    </>,
  );
  expect(await screen.findByText("Ancora nessuno")).toBeDefined();
  expect(screen.getByRole("alert").textContent).toContain("Dopo ha avuto un problema.");
  await user.click(screen.getByText("Riprova"));
  expect(again).toHaveBeenCalledOnce();
  await user.click(screen.getByText("Mostra altro"));
  expect(more).toHaveBeenCalledOnce();
});
