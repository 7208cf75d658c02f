import { Button, Checkbox, Stack, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem, api, freshKey } from "../../api/client";
import { useChange, useGet, useList } from "../../api/hooks";
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
import { FormEnd, Section } from "../../ui/section";
import { Side } from "../../ui/side";
import { Status, type Tone } from "../../ui/status";
import { useUndo } from "../../ui/undo";

type Webhook = Schemas["Webhook"];

type Delivery = Schemas["Delivery"];

/** What Dopo can tell. */
const KINDS = [
  "order.placed",
  "order.cancelled",
  "parcel.updated",
  "message.sent",
  "message.held_back",
  "message.failed",
  "consent.changed",
  "customer.forgotten",
  "task.opened",
];

/** Systems that Dopo tells when something happens. */
export default function Webhooks() {
  const { t } = useTranslation("settings");
  const { may } = useSession();
  const query = useGet<Page<Webhook>>("/webhooks", { topics: ["settings"] });
  const [making, setMaking] = useState(false);
  const [looking, setLooking] = useState<string | null>(null);
  const open = query.data?.items.find((one) => one.id === looking) ?? null;
  const failed = query.data?.items.reduce((sum, one) => sum + one.failed, 0) ?? 0;
  const make = may("webhooks:write") && (
    <Button
      variant="filled"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setMaking(true)}
    >
      {t("webhooks.make")}
    </Button>
  );
  return (
    <>
      <PageHead
        title={t("webhooks.title")}
        sentence={failed > 0 ? t("webhooks.someFailed", { count: failed }) : t("webhooks.sentence")}
        actions={make}
      />
      <DataTable
        label={t("webhooks.title")}
        list={{ items: query.data?.items, error: query.error, again: () => void query.refetch() }}
        rowKey={(one) => one.id}
        onRow={(one) => setLooking(one.id)}
        empty={
          <EmptyState title={t("webhooks.emptyTitle")} action={make}>
            {t("webhooks.emptyText")}
          </EmptyState>
        }
        columns={[
          {
            id: "url",
            header: t("webhooks.url"),
            primary: true,
            cell: (one) => <span style={{ overflowWrap: "anywhere" }}>{one.url}</span>,
          },
          {
            id: "kinds",
            header: t("webhooks.kinds"),
            hideOnPhone: true,
            cell: (one) => t("webhooks.nKinds", { count: one.kinds.length }),
          },
          {
            id: "last",
            header: t("webhooks.last"),
            cell: (one) => (one.last ? <Time at={one.last.at} /> : t("webhooks.never")),
          },
          {
            id: "state",
            header: t("webhooks.state"),
            cell: (one) =>
              !one.active ? (
                <Status>{t("webhooks.off")}</Status>
              ) : one.failed > 0 ? (
                <Status tone="bad">{t("webhooks.failed", { count: one.failed })}</Status>
              ) : one.waiting > 0 ? (
                <Status tone="attention">{t("webhooks.waiting", { count: one.waiting })}</Status>
              ) : (
                <Status tone="good">{t("webhooks.good")}</Status>
              ),
          },
        ]}
      />
      <Side opened={making} onClose={() => setMaking(false)} title={t("webhooks.make")}>
        {making && <Make onClose={() => setMaking(false)} />}
      </Side>
      <Side wide opened={open !== null} onClose={() => setLooking(null)} title={open?.url ?? ""}>
        {open && <Look webhook={open} onClose={() => setLooking(null)} />}
      </Side>
    </>
  );
}

function Kinds({ chosen, onChange }: { chosen: string[]; onChange: (kinds: string[]) => void }) {
  const { t } = useTranslation("settings");
  return (
    <Checkbox.Group label={t("webhooks.kinds")} value={chosen} onChange={onChange}>
      <Stack gap={8} mt={8}>
        {KINDS.map((kind) => (
          <Checkbox
            key={kind}
            value={kind}
            label={
              <>
                {t(`webhooks.kind.${kind.replace(".", "_")}`)}{" "}
                <code className="mono muted">{kind}</code>
              </>
            }
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function Make({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const [url, setUrl] = useState("");
  const [kinds, setKinds] = useState<string[]>([]);
  const [once, setOnce] = useState(freshKey);
  const make = useChange<void, { secret: string }>(
    () =>
      api.post<{ secret: string }>(
        "/webhooks",
        { url: url.trim(), kinds },
        { idempotencyKey: once },
      ),
    { topics: ["settings"] },
  );
  const { words, field } = useProblem(make.error);
  if (make.data) {
    return (
      <>
        <Notice tone="attention" live title={t("webhooks.onceTitle")}>
          {t("webhooks.onceText")}
        </Notice>
        <CopyField label={t("webhooks.secret")} value={make.data.secret} />
        <FormEnd>
          <Button onClick={onClose}>{common("close")}</Button>
        </FormEnd>
      </>
    );
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    // Refused, the next attempt may say something else.
    make.mutate(undefined, {
      onError: (error) => error instanceof ApiProblem && setOnce(freshKey()),
    });
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
          label={t("webhooks.url")}
          type="url"
          required
          withAsterisk={false}
          placeholder="https://"
          value={url}
          error={field("url")}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <Kinds chosen={kinds} onChange={setKinds} />
      </Stack>
      <FormEnd>
        <Button
          type="submit"
          variant="filled"
          loading={make.isPending}
          disabled={kinds.length === 0 || url.trim() === ""}
        >
          {t("webhooks.makeNow")}
        </Button>
        <Button variant="subtle" onClick={onClose}>
          {common("cancel")}
        </Button>
      </FormEnd>
    </form>
  );
}

const TONES: Record<string, Tone> = {
  done: "good",
  failed: "bad",
  waiting: "attention",
};

function Look({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { t } = useTranslation("settings");
  const { may } = useSession();
  const undo = useUndo();
  const [kinds, setKinds] = useState(webhook.kinds);
  const topics = ["settings"] as const;
  const list = useList<Delivery>(`/webhooks/${webhook.id}/deliveries`, { topics });
  const change = useChange<object>((patch) => api.patch(`/webhooks/${webhook.id}`, patch), {
    topics,
  });
  const remove = useChange<void>(() => api.del(`/webhooks/${webhook.id}`), {
    topics,
    onDone: onClose,
  });
  const test = useChange<void>(() => api.post(`/webhooks/${webhook.id}/test`), { topics });
  const replay = useChange<string>((id) => api.post(`/deliveries/${id}/replay`), { topics });
  const { words } = useProblem(change.error ?? remove.error ?? test.error ?? replay.error);
  const write = may("webhooks:write");
  const changed = kinds.toSorted().join() !== webhook.kinds.toSorted().join();
  return (
    <>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      {test.isSuccess && <Notice tone="good" live title={t("webhooks.tested")} />}
      {write && (
        <FormEnd>
          <Button loading={test.isPending} onClick={() => test.mutate()}>
            {t("webhooks.test")}
          </Button>
          <Button
            loading={change.isPending}
            onClick={() => {
              change.mutate({ active: !webhook.active });
              undo({
                text: webhook.active ? t("webhooks.nowOff") : t("webhooks.nowOn"),
                onUndo: () => change.mutate({ active: webhook.active }),
              });
            }}
          >
            {webhook.active ? t("webhooks.turnOff") : t("webhooks.turnOn")}
          </Button>
          <ConfirmButton
            question={t("webhooks.removeQuestion")}
            sure={t("webhooks.removeSure")}
            onConfirm={() => remove.mutate()}
          >
            {t("webhooks.remove")}
          </ConfirmButton>
        </FormEnd>
      )}
      <h2 style={{ margin: "24px 0 12px" }}>{t("webhooks.deliveries")}</h2>
      <DataTable
        label={t("webhooks.deliveries")}
        list={list}
        rowKey={(one) => one.id}
        empty={
          <EmptyState title={t("webhooks.noDeliveries")}>
            {t("webhooks.noDeliveriesText")}
          </EmptyState>
        }
        columns={[
          {
            id: "kind",
            header: t("webhooks.what"),
            primary: true,
            cell: (one) => <code className="mono">{one.kind}</code>,
          },
          { id: "at", header: t("webhooks.when"), cell: (one) => <Time at={one.created_at} /> },
          {
            id: "status",
            header: t("webhooks.state"),
            cell: (one) => (
              <Status tone={TONES[one.status] ?? "neutral"}>
                {t(`webhooks.status.${one.status}`, { defaultValue: one.status })}
                {one.code !== null && ` ${one.code}`}
              </Status>
            ),
          },
          {
            id: "attempts",
            header: t("webhooks.attempts"),
            align: "right",
            cell: (one) => one.attempts,
          },
          {
            id: "replay",
            header: "",
            bare: true,
            cell: (one) =>
              write ? (
                <Button
                  size="xs"
                  loading={replay.isPending && replay.variables === one.id}
                  onClick={() => replay.mutate(one.id)}
                >
                  {t("webhooks.replay")}
                </Button>
              ) : null,
          },
        ]}
      />
      {write && (
        <div style={{ marginTop: 24 }}>
          <Section>
            <Kinds chosen={kinds} onChange={setKinds} />
            <FormEnd>
              <Button
                disabled={!changed || kinds.length === 0}
                loading={change.isPending}
                onClick={() => change.mutate({ kinds })}
              >
                {t("webhooks.saveKinds")}
              </Button>
            </FormEnd>
          </Section>
        </div>
      )}
    </>
  );
}
