import { Button, NativeSelect, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { addPasskey, canPasskey, wasCancelled } from "../../api/passkey";
import { useSession } from "../../api/session";
import type { Page, Schemas } from "../../api/types";
import { useLanguage } from "../../api/use-language";
import { type Lang, useLang } from "../../i18n/lang";
import { ConfirmButton } from "../../ui/confirm";
import { DataTable } from "../../ui/data-table";
import { Time } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { FormEnd, Section } from "../../ui/section";

/** Fewest characters of a password. */
const PASSWORD_CHARS_MIN = 12;

type Passkey = Schemas["Passkey"];

/** Longest name, in characters. */
const NAME_CHARS_MAX = 80;

/** One's own account: name, password, passkeys, language. */
export default function Account() {
  const { t } = useTranslation("settings");
  const { t: shell } = useTranslation("shell");
  const { user, demo, version } = useSession();
  const lang = useLang();
  const speak = useLanguage();
  return (
    <>
      <PageHead title={t("account.title")} sentence={user.email} />
      {!demo && <Name name={user.name ?? ""} />}
      <Section title={shell("language")}>
        <NativeSelect
          aria-label={shell("language")}
          style={{ maxWidth: 260 }}
          data={[
            { value: "it", label: "Italiano" },
            { value: "en", label: "English" },
          ]}
          value={lang}
          onChange={(event) => speak(event.currentTarget.value as Lang)}
        />
      </Section>
      {demo ? (
        <Notice title={t("account.demo")}>{t("account.demoText")}</Notice>
      ) : (
        <>
          <Passkeys />
          <Password />
        </>
      )}
      <p className="muted">{t("account.version", { version })}</p>
    </>
  );
}

function Name({ name }: { name: string }) {
  const { t } = useTranslation("settings");
  const queries = useQueryClient();
  const [next, setNext] = useState(name);
  const change = useChange<void>(() => api.patch("/me", { name: next.trim() }), {
    topics: ["settings"],
    onDone: () => void queries.invalidateQueries({ queryKey: ["session"] }),
  });
  const { words } = useProblem(change.error);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Section title={t("account.name")}>
      <form onSubmit={onSubmit}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        {change.isSuccess && <Notice tone="good" live title={t("account.nameSaved")} />}
        <TextInput
          maw={400}
          label={t("account.called")}
          description={t("account.nameHelp")}
          autoComplete="name"
          maxLength={NAME_CHARS_MAX}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        <FormEnd>
          <Button type="submit" loading={change.isPending}>
            {t("account.nameSave")}
          </Button>
        </FormEnd>
      </form>
    </Section>
  );
}

function Password() {
  const { t } = useTranslation("settings");
  const { t: access } = useTranslation("access");
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const change = useChange<void>(() => api.put("/me/password", { old, new: next }), {
    onDone: () => {
      setOld("");
      setNext("");
    },
  });
  const { words, field } = useProblem(change.error);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const eye = { "aria-label": access("showPassword"), tabIndex: 0 };
  return (
    <Section title={t("account.password")}>
      <form onSubmit={onSubmit}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        {change.isSuccess && <Notice tone="good" live title={t("account.passwordSaved")} />}
        <Stack gap={16} maw={400}>
          <PasswordInput
            label={t("account.old")}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={eye}
            value={old}
            error={field("old")}
            onChange={(event) => setOld(event.currentTarget.value)}
          />
          <PasswordInput
            label={access("newPassword")}
            description={access("passwordRule", { count: PASSWORD_CHARS_MIN })}
            autoComplete="new-password"
            minLength={PASSWORD_CHARS_MIN}
            required
            withAsterisk={false}
            visibilityToggleButtonProps={eye}
            value={next}
            error={field("new") ?? field("password")}
            onChange={(event) => setNext(event.currentTarget.value)}
          />
        </Stack>
        <FormEnd>
          <Button type="submit" loading={change.isPending}>
            {t("account.passwordSave")}
          </Button>
        </FormEnd>
      </form>
    </Section>
  );
}

function Passkeys() {
  const { t } = useTranslation("settings");
  const queries = useQueryClient();
  const query = useGet<Page<Passkey>>("/me/passkeys", { topics: ["settings"] });
  const [name, setName] = useState("");
  const again = () => {
    void query.refetch();
    void queries.invalidateQueries({ queryKey: ["session"] });
  };
  const add = useChange<string>(
    async (called) => {
      try {
        await addPasskey(called);
        setName("");
      } catch (error) {
        if (!wasCancelled(error)) {
          throw error;
        }
      }
    },
    { onDone: again },
  );
  const remove = useChange<string>((id) => api.del(`/me/passkeys/${id}`), { onDone: again });
  const { words } = useProblem(add.error ?? remove.error);
  return (
    <Section title={t("account.passkeys")}>
      <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
        {t("account.passkeysText")}
      </p>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      {query.data && query.data.items.length > 0 && (
        <DataTable
          label={t("account.passkeys")}
          list={{ items: query.data.items }}
          rowKey={(key) => key.id}
          empty={null}
          columns={[
            {
              id: "name",
              header: t("account.passkeyName"),
              primary: true,
              cell: (key) => key.name,
            },
            {
              id: "used",
              header: t("account.passkeyUsed"),
              cell: (key) => (key.used_at ? <Time at={key.used_at} /> : t("account.passkeyNever")),
            },
            {
              id: "remove",
              header: "",
              bare: true,
              cell: (key) => (
                <ConfirmButton
                  size="xs"
                  question={t("account.passkeyQuestion")}
                  sure={t("account.passkeyRemove")}
                  onConfirm={() => remove.mutate(key.id)}
                >
                  {t("account.passkeyRemove")}
                </ConfirmButton>
              ),
            },
          ]}
        />
      )}
      {canPasskey() ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate(name.trim());
          }}
        >
          <FormEnd>
            <TextInput
              label={t("account.passkeyNew")}
              placeholder={t("account.passkeyHint")}
              required
              withAsterisk={false}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button
              type="submit"
              mt={24}
              loading={add.isPending}
              leftSection={<IconFingerprint size={16} aria-hidden />}
            >
              {t("account.passkeyAdd")}
            </Button>
          </FormEnd>
        </form>
      ) : (
        <p className="muted">{t("account.noPasskeys")}</p>
      )}
    </Section>
  );
}
