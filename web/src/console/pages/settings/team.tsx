import { Button, NativeSelect, Stack, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import { type Page, ROLES, type Role, type Schemas, type With } from "../../api/types";
import { ConfirmButton } from "../../ui/confirm";
import { CopyField } from "../../ui/copy";
import { DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { Time } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { FormEnd, Section } from "../../ui/section";
import { Side } from "../../ui/side";
import { useUndo } from "../../ui/undo";

type Member = With<Schemas["Member"], { role: Role }>;

/** Who works here and in which role. */
export default function Team() {
  const { t } = useTranslation("settings");
  const { t: shell } = useTranslation("shell");
  const { may, user } = useSession();
  const undo = useUndo();
  const topics = ["settings"] as const;
  const query = useGet<Page<Member>>("/team", { topics });
  const [inviting, setInviting] = useState(false);
  const change = useChange<{ id: string; role: Role }>(
    ({ id, role }) => api.put(`/team/${id}`, { role }),
    { topics },
  );
  const remove = useChange<string>((id) => api.del(`/team/${id}`), { topics });
  const { words } = useProblem(change.error ?? remove.error);
  const write = may("team:write");
  const roles = ROLES.map((role) => ({ value: role, label: shell(`role.${role}`) }));
  return (
    <>
      <PageHead
        title={t("team.title")}
        sentence={
          query.data?.items.length
            ? t("team.sentence", { count: query.data.items.length })
            : t("team.about")
        }
        actions={
          write && (
            <Button
              variant="filled"
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => setInviting(true)}
            >
              {t("team.invite")}
            </Button>
          )
        }
      />
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <DataTable
        label={t("team.title")}
        list={{ items: query.data?.items, error: query.error, again: () => void query.refetch() }}
        rowKey={(one) => one.id}
        empty={<EmptyState title={t("team.emptyTitle")}>{t("team.emptyText")}</EmptyState>}
        columns={[
          {
            id: "email",
            header: t("team.email"),
            primary: true,
            cell: (one) => (
              <>
                {one.name && <strong>{one.name} </strong>}
                {one.email} {one.id === user.id && <span className="muted">{t("team.you")}</span>}
              </>
            ),
          },
          {
            id: "role",
            header: t("team.role"),
            cell: (one) =>
              write && !one.everywhere ? (
                <NativeSelect
                  size="xs"
                  aria-label={t("team.roleOf", { email: one.email })}
                  data={roles}
                  value={one.role}
                  onChange={(event) => {
                    const before = one.role;
                    change.mutate(
                      { id: one.id, role: event.currentTarget.value as Role },
                      {
                        onSuccess: () =>
                          undo({
                            text: t("team.changed", { email: one.email }),
                            onUndo: () => change.mutate({ id: one.id, role: before }),
                          }),
                      },
                    );
                  }}
                />
              ) : (
                <>
                  {shell(`role.${one.role}`)}
                  {one.everywhere && <span className="muted"> · {t("team.everywhere")}</span>}
                </>
              ),
          },
          {
            id: "seen",
            header: t("team.seen"),
            cell: (one) => (one.seen_at ? <Time at={one.seen_at} /> : t("team.never")),
          },
          {
            id: "passkeys",
            header: t("team.passkeys"),
            align: "right",
            hideOnPhone: true,
            cell: (one) => one.passkeys,
          },
          {
            id: "actions",
            header: "",
            bare: true,
            cell: (one) =>
              write && one.id !== user.id ? (
                <ConfirmButton
                  size="xs"
                  question={t("team.removeQuestion")}
                  sure={t("team.removeSure")}
                  onConfirm={() => remove.mutate(one.id)}
                >
                  {t("team.remove")}
                </ConfirmButton>
              ) : null,
          },
        ]}
      />
      <div style={{ marginTop: 24 }}>
        <Section title={t("team.rolesTitle")}>
          <dl>
            {ROLES.map((role) => (
              <div key={role} style={{ marginBottom: 8 }}>
                <dt style={{ fontWeight: 600 }}>{shell(`role.${role}`)}</dt>
                <dd className="muted">{t(`team.may.${role}`)}</dd>
              </div>
            ))}
          </dl>
        </Section>
      </div>
      <Side opened={inviting} onClose={() => setInviting(false)} title={t("team.invite")}>
        {inviting && <Invite onClose={() => setInviting(false)} />}
      </Side>
    </>
  );
}

function Invite({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("settings");
  const { t: shell } = useTranslation("shell");
  const { t: common } = useTranslation();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("care");
  const invite = useChange<void, { invite_url?: string | null }>(
    () => api.post<{ invite_url?: string | null }>("/team", { email: email.trim(), role }),
    { topics: ["settings"] },
  );
  const { words, field } = useProblem(invite.error);
  if (invite.data) {
    return (
      <>
        <Notice tone="good" live title={t("team.invited", { email: email.trim() })}>
          {t("team.invitedText")}
        </Notice>
        {invite.data.invite_url && (
          <CopyField label={t("team.link")} value={invite.data.invite_url} />
        )}
        <FormEnd>
          <Button onClick={onClose}>{common("close")}</Button>
        </FormEnd>
      </>
    );
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <form onSubmit={onSubmit}>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <Stack gap={16}>
        <TextInput
          label={t("team.email")}
          type="email"
          autoComplete="off"
          required
          withAsterisk={false}
          value={email}
          error={field("email")}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <NativeSelect
          label={t("team.role")}
          description={t(`team.may.${role}`)}
          inputWrapperOrder={["label", "input", "error", "description"]}
          data={ROLES.map((one) => ({ value: one, label: shell(`role.${one}`) }))}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        />
      </Stack>
      <FormEnd>
        <Button type="submit" variant="filled" loading={invite.isPending}>
          {t("team.inviteNow")}
        </Button>
        <Button variant="subtle" onClick={onClose}>
          {common("cancel")}
        </Button>
      </FormEnd>
    </form>
  );
}
