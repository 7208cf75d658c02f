import { Button, Checkbox, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, freshKey } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Page, Schemas } from "../../api/types";
import { ConfirmButton } from "../../ui/confirm";
import { CopyField } from "../../ui/copy";
import { DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { Time } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { FormEnd } from "../../ui/section";
import { Side } from "../../ui/side";
import { Status } from "../../ui/status";
import css from "./settings.module.css";

type Key = Schemas["Key"];

type MadeKey = Schemas["KeyMade"];

/** Keys for programs that talk to Dopo. */
export default function Keys() {
  const { t } = useTranslation("settings");
  const { may } = useSession();
  const query = useGet<Page<Key>>("/keys", { topics: ["settings"] });
  const [making, setMaking] = useState(false);
  const revoke = useChange<string>((id) => api.del(`/keys/${id}`), { topics: ["settings"] });
  const { words } = useProblem(revoke.error);
  const make = may("keys:write") && (
    <Button
      variant="filled"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setMaking(true)}
    >
      {t("keys.make")}
    </Button>
  );
  const active = query.data?.items.filter((key) => !key.revoked_at).length ?? 0;
  return (
    <>
      <PageHead
        title={t("keys.title")}
        sentence={query.data ? t("keys.sentence", { count: active }) : t("keys.about")}
        actions={make}
      />
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <DataTable
        label={t("keys.title")}
        list={{ items: query.data?.items, error: query.error, again: () => void query.refetch() }}
        rowKey={(key) => key.id}
        empty={
          <EmptyState title={t("keys.emptyTitle")} action={make}>
            {t("keys.emptyText")}
          </EmptyState>
        }
        columns={[
          {
            id: "prefix",
            header: t("keys.prefix"),
            primary: true,
            cell: (key) => (
              <>
                <code className="mono">{key.prefix}…</code>
                {key.name && ` ${key.name}`}
              </>
            ),
          },
          { id: "scopes", header: t("keys.scopes"), cell: (key) => <Scopes names={key.scopes} /> },
          { id: "created", header: t("keys.created"), cell: (key) => <Time at={key.created_at} /> },
          {
            id: "state",
            header: t("keys.state"),
            cell: (key) =>
              key.revoked_at ? (
                <Status tone="neutral">{t("keys.revoked")}</Status>
              ) : (
                <Status tone="good">{t("keys.active")}</Status>
              ),
          },
          {
            id: "actions",
            header: "",
            bare: true,
            cell: (key) =>
              key.revoked_at || !may("keys:write") ? null : (
                <ConfirmButton
                  size="xs"
                  question={t("keys.revokeQuestion")}
                  sure={t("keys.revokeSure")}
                  onConfirm={() => revoke.mutate(key.id)}
                >
                  {t("keys.revoke")}
                </ConfirmButton>
              ),
          },
        ]}
      />
      <Side opened={making} onClose={() => setMaking(false)} title={t("keys.make")}>
        {making && <Make onClose={() => setMaking(false)} />}
      </Side>
    </>
  );
}

function Scopes({ names }: { names: string[] }) {
  return (
    <span className={css.scopes}>
      {names.map((name) => (
        <code key={name} className="mono">
          {name}
        </code>
      ))}
    </span>
  );
}

function Make({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const { scopes, shop } = useSession();
  const own = scopes[shop.slug] ?? [];
  const [chosen, setChosen] = useState<string[]>([]);
  const [once] = useState(freshKey);
  const [name, setName] = useState("");
  const make = useChange<string[], MadeKey>(
    (names) =>
      api.post<MadeKey>(
        "/keys",
        { name: name.trim() || null, scopes: names },
        { idempotencyKey: once },
      ),
    { topics: ["settings"] },
  );
  const { words } = useProblem(make.error);
  if (make.data) {
    return (
      <>
        <Notice tone="attention" live title={t("keys.onceTitle")}>
          {t("keys.onceText")}
        </Notice>
        <CopyField label={t("keys.key")} value={make.data.key} />
        <FormEnd>
          <Button onClick={onClose}>{common("close")}</Button>
        </FormEnd>
      </>
    );
  }
  const areas = [...new Set(own.map((name) => name.split(":")[0] ?? name))];
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(chosen);
  };
  return (
    <form onSubmit={onSubmit}>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <TextInput
        label={t("keys.name")}
        description={t("keys.nameHelp")}
        mb={16}
        maxLength={80}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <p className="muted" style={{ marginBottom: 16 }}>
        {t("keys.choose")}
      </p>
      {areas.map((area) => (
        <fieldset key={area} className={css.scopeGroup}>
          <legend>{t(`keys.area.${area}`, { defaultValue: area })}</legend>
          {own
            .filter((name) => name.startsWith(`${area}:`))
            .map((name) => (
              <Checkbox
                key={name}
                label={
                  <>
                    {t(`keys.verb.${name.split(":")[1]}`, { defaultValue: name })}{" "}
                    <code className="mono muted">{name}</code>
                  </>
                }
                checked={chosen.includes(name)}
                onChange={(event) => {
                  const { checked } = event.currentTarget;
                  setChosen((before) =>
                    checked
                      ? own.filter((one) => one === name || before.includes(one))
                      : before.filter((one) => one !== name),
                  );
                }}
              />
            ))}
        </fieldset>
      ))}
      <FormEnd>
        <Button
          type="submit"
          variant="filled"
          loading={make.isPending}
          disabled={chosen.length === 0}
        >
          {t("keys.makeNow")}
        </Button>
        <Button variant="subtle" onClick={onClose}>
          {common("cancel")}
        </Button>
      </FormEnd>
    </form>
  );
}
