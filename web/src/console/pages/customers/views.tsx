import { Button, Checkbox, Menu, Stack, TextInput } from "@mantine/core";
import { IconBookmark, IconPlus, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import type { Page } from "../../api/types";
import { useGo } from "../../ui/link";
import { FormEnd } from "../../ui/section";
import { Side } from "../../ui/side";
import { Failed } from "../../ui/states";
import { useUndo } from "../../ui/undo";
import type { View } from "./types";

/** Filters that were given a name, and a way to name the present ones. */
export function Views({ page, path, query }: { page: string; path: string; query: string }) {
  const { t } = useTranslation("customers");
  const go = useGo();
  const undo = useUndo();
  const [naming, setNaming] = useState(false);
  const views = useGet<Page<View>>("/views", { query: { page }, topics: ["settings"] });
  const remove = useChange((view: View) => api.del(`/views/${view.id}`), {
    topics: ["settings"],
    onDone: (_, view) =>
      undo({ text: t("views.removed", { name: view.name }), onUndo: () => again.mutate(view) }),
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
            {present?.name ?? t("views.label")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {items.length === 0 && <Menu.Label>{t("views.none")}</Menu.Label>}
          {items.map((view) => (
            <Menu.Item key={view.id} onClick={() => go(`${path}?${view.query}`)}>
              {view.name}
              {view.shared && <span className="muted"> · {t("views.shared")}</span>}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconPlus size={16} aria-hidden />}
            disabled={!query}
            onClick={() => setNaming(true)}
          >
            {t("views.save")}
          </Menu.Item>
          {present && (
            <Menu.Item
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => remove.mutate(present)}
            >
              {t("views.remove", { name: present.name })}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Side opened={naming} onClose={() => setNaming(false)} title={t("views.save")}>
        <NameView page={page} query={query} onDone={() => setNaming(false)} />
      </Side>
    </>
  );
}

function NameView({ page, query, onDone }: { page: string; query: string; onDone: () => void }) {
  const { t } = useTranslation("customers");
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
          label={t("views.name")}
          description={t("views.hint")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          maxLength={80}
          data-autofocus
        />
        <Checkbox
          label={t("views.share")}
          checked={shared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
      </Stack>
      <FormEnd>
        <Button type="submit" variant="filled" loading={save.isPending} disabled={!name.trim()}>
          {t("save")}
        </Button>
      </FormEnd>
    </form>
  );
}
