import { Button, Checkbox, Menu, Stack, TextInput } from "@mantine/core";
import { IconBookmark, IconPlus, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { useChange, useGet } from "../api/hooks";
import type { Page, Schemas } from "../api/types";
import { useGo } from "./link";
import { FormEnd } from "./section";
import { Side } from "./side";
import { Failed } from "./states";
import { useUndo } from "./undo";

type View = Schemas["View"];
/** Lists that have views, as the API names them. */
export type ViewsOf = "customers" | "orders" | "parcels" | "messages" | "inbox";

/** Longest name of a view, characters. */
const NAME_CHARS_MAX = 60;

/** The filters as a saved view keeps them: only those named, never a search, which could name a person. */
export function viewQuery(query: Record<string, string>, names: readonly string[]): string {
  const kept = names.flatMap((name) =>
    query[name] ? [[name, query[name]] as [string, string]] : [],
  );
  return new URLSearchParams(kept).toString();
}

/** Filters that were given a name, and a way to name the present ones. */
export function Views({ page, path, query }: { page: ViewsOf; path: string; query: string }) {
  const { t } = useTranslation("views");
  const go = useGo();
  const undo = useUndo();
  const [naming, setNaming] = useState(false);
  const views = useGet<Page<View>>("/views", { query: { page }, topics: ["settings"] });
  const remove = useChange((view: View) => api.del(`/views/${view.id}`), {
    topics: ["settings"],
    onDone: (_, view) =>
      undo({ text: t("removed", { name: view.name }), onUndo: () => again.mutate(view) }),
  });
  const again = useChange(
    ({ name, query, shared }: View) => api.post("/views", { page, name, query, shared }),
    { topics: ["settings"] },
  );
  const items = views.data?.items ?? [];
  const present = items.find((one) => one.query === query);
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button leftSection={<IconBookmark size={16} aria-hidden />}>
            {present?.name ?? t("label")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {items.length === 0 && <Menu.Label>{t("none")}</Menu.Label>}
          {items.map((view) => (
            <Menu.Item key={view.id} onClick={() => go(`${path}?${view.query}`)}>
              {view.name}
              {view.shared && <span className="muted"> · {t("shared")}</span>}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconPlus size={16} aria-hidden />}
            disabled={!query}
            onClick={() => setNaming(true)}
          >
            {t("save")}
          </Menu.Item>
          {present && (
            <Menu.Item
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => remove.mutate(present)}
            >
              {t("remove", { name: present.name })}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Side opened={naming} onClose={() => setNaming(false)} title={t("save")}>
        <NameView page={page} query={query} onDone={() => setNaming(false)} />
      </Side>
    </>
  );
}

function NameView({ page, query, onDone }: { page: ViewsOf; query: string; onDone: () => void }) {
  const { t } = useTranslation("views");
  const [name, setName] = useState("");
  const [shared, setShared] = useState(true);
  const save = useChange(() => api.post("/views", { page, name: name.trim(), query, shared }), {
    topics: ["settings"],
    onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {save.error && <Failed error={save.error} />}
        <TextInput
          label={t("name")}
          description={t("hint")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          maxLength={NAME_CHARS_MAX}
          data-autofocus
        />
        <Checkbox
          label={t("share")}
          checked={shared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
      </Stack>
      <FormEnd>
        <Button type="submit" variant="filled" loading={save.isPending} disabled={!name.trim()}>
          {t("save_it")}
        </Button>
      </FormEnd>
    </form>
  );
}
