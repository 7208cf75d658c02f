import {
  Button,
  Checkbox,
  NativeSelect,
  NumberInput,
  PasswordInput,
  TextInput,
} from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Schemas } from "../../api/types";
import { ConfirmButton } from "../../ui/confirm";
import { EmptyState } from "../../ui/empty";
import { Time, useFormat } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { Facts, Fields, FormEnd, Section } from "../../ui/section";
import { Side } from "../../ui/side";
import { Await } from "../../ui/states";
import { Status } from "../../ui/status";
import { CourierHooks, WriteBacks } from "./parts/courier-hooks";
import { DispatchSection } from "./parts/dispatch";
import { type Draft, useDraft, useShop } from "./parts/draft";
import { SettingsForm } from "./parts/save-bar";
import type { Shop } from "./parts/types";

type Accounts = Schemas["CourierAccounts"];
type Account = Schemas["CourierAccount"];
type Vendor = Schemas["CourierVendor"];
type Covered = Account["covers"][number];

const ACTIONS = ["redeliver", "other_address", "collect", "send_back"] as const;

/** The shop's accounts with couriers, and what buyers may choose for a held parcel. */
export default function Couriers() {
  const { t } = useTranslation("settings");
  const { may } = useSession();
  const query = useGet<Accounts>("/courier-accounts", { topics: ["settings"] });
  const [adding, setAdding] = useState<string | null>(null);
  const add = may("settings:write") && (
    <Button
      variant="filled"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setAdding("")}
    >
      {t("couriers.add")}
    </Button>
  );
  return (
    <>
      <PageHead title={t("couriers.title")} sentence={t("couriers.sentence")} actions={add} />
      <Await query={query}>
        {(data) => (
          <>
            {data.items.length === 0 ? (
              <EmptyState title={t("couriers.emptyTitle")}>{t("couriers.emptyText")}</EmptyState>
            ) : (
              data.items.map((account) => (
                <AccountSection
                  key={account.vendor}
                  account={account}
                  vendor={data.vendors.find((one) => one.name === account.vendor)}
                  onChange={() => setAdding(account.vendor)}
                />
              ))
            )}
            <Side
              opened={adding !== null}
              onClose={() => setAdding(null)}
              title={t("couriers.add")}
            >
              {adding !== null && (
                <Add
                  vendors={data.vendors}
                  accounts={data.items}
                  first={adding}
                  onClose={() => setAdding(null)}
                />
              )}
            </Side>
          </>
        )}
      </Await>
      {may("connections:read") && <CourierHooks />}
      {may("webhooks:read") && <WriteBacks />}
      <HoldRules couriers={covered(query.data?.items ?? [])} />
    </>
  );
}

/** Every courier that an account of the shop is asked for, once. */
function covered(accounts: Account[]): Covered[] {
  const all = accounts.flatMap((account) => account.covers);
  return [...new Map(all.map((one) => [one.id, one])).values()];
}

function AccountSection({
  account,
  vendor,
  onChange,
}: {
  account: Account;
  vendor: Vendor | undefined;
  onChange: () => void;
}) {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const { may } = useSession();
  const remove = useChange<void>(
    () => api.del(`/courier-accounts/${encodeURIComponent(account.vendor)}`),
    { topics: ["settings"] },
  );
  const { words } = useProblem(remove.error);
  const refused = account.state === "refused";
  return (
    <Section
      title={account.title}
      aside={
        <Status tone={refused ? "bad" : "good"}>
          {t(refused ? "couriers.refused" : "couriers.ok")}
        </Status>
      }
    >
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      {refused && (
        <Notice tone="bad" title={t("couriers.refusedText")}>
          {account.refused_why}
          {account.refused_at && (
            <span className="muted">
              {" · "}
              <Time at={account.refused_at} kind="short" />
            </span>
          )}
        </Notice>
      )}
      <Facts
        items={[
          {
            label: t("couriers.covers"),
            value:
              account.covers.length > 0 ? format.list(account.covers.map((one) => one.name)) : null,
          },
          {
            label: t("couriers.how"),
            value: vendor ? t(vendor.asked ? "couriers.asked" : "couriers.tells") : null,
          },
          {
            label: t("couriers.releases"),
            value: vendor
              ? vendor.releases.length > 0
                ? format.list(vendor.releases.map((one) => t(`couriers.action.${one}`)))
                : t("couriers.noReleases")
              : null,
          },
          { label: t("couriers.since"), value: <Time at={account.added_at} kind="day" /> },
          {
            label: t("couriers.calls"),
            value:
              account.calls_per_day == null
                ? format.number(account.calls_today)
                : t("couriers.callsOf", {
                    n: format.number(account.calls_today),
                    all: format.number(account.calls_per_day),
                  }),
          },
        ]}
      />
      {may("settings:write") && (
        <FormEnd>
          <Button onClick={onChange}>{t("couriers.change")}</Button>
          <ConfirmButton
            question={t("couriers.removeQuestion")}
            sure={t("couriers.removeSure")}
            onConfirm={() => remove.mutate()}
          >
            {t("couriers.remove")}
          </ConfirmButton>
        </FormEnd>
      )}
    </Section>
  );
}

/** The fields of a vendor's account; secrets are typed anew each time. */
function Add({
  vendors,
  accounts,
  first,
  onClose,
}: {
  vendors: Vendor[];
  accounts: Account[];
  first: string;
  onClose: () => void;
}) {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const [name, setName] = useState(first);
  const known = (vendor: string) => accounts.find((one) => one.vendor === vendor);
  const [values, setValues] = useState<Record<string, string>>(known(first)?.fields ?? {});
  const vendor = vendors.find((one) => one.name === name);
  const account = known(name);
  const save = useChange<object>((body) => api.post("/courier-accounts", body), {
    topics: ["settings"],
    onDone: onClose,
  });
  const { words, field } = useProblem(save.error);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const fields = Object.fromEntries(
      (vendor?.fields ?? []).flatMap((one) => {
        const value = values[one.name]?.trim();
        return value ? [[one.name, value]] : [];
      }),
    );
    save.mutate({ vendor: name, fields });
  };
  return (
    <form onSubmit={onSubmit} noValidate>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <NativeSelect
        label={t("couriers.vendor")}
        data={[
          { value: "", label: t("couriers.choose") },
          ...vendors.map((one) => ({ value: one.name, label: one.title })),
        ]}
        value={name}
        error={field("vendor")}
        onChange={(event) => {
          setName(event.currentTarget.value);
          setValues(known(event.currentTarget.value)?.fields ?? {});
        }}
      />
      {vendor?.fields.map((one) => {
        const label = t(`couriers.field.${one.name}`, { defaultValue: one.name });
        const shared = {
          label: one.optional ? `${label} (${t("couriers.optional")})` : label,
          autoComplete: "off",
          value: values[one.name] ?? "",
          error: field(`fields.${one.name}`),
          onChange: (event: { currentTarget: { value: string } }) => {
            const { value } = event.currentTarget;
            setValues((before) => ({ ...before, [one.name]: value }));
          },
        };
        return one.secret ? (
          <PasswordInput
            key={one.name}
            placeholder={account?.secrets.includes(one.name) ? t("couriers.kept") : undefined}
            visibilityToggleButtonProps={{ "aria-label": t("connect.secretShow"), tabIndex: 0 }}
            {...shared}
          />
        ) : (
          <TextInput key={one.name} {...shared} />
        );
      })}
      {field("fields") && <Notice tone="bad">{field("fields")}</Notice>}
      {vendor && <p className="muted">{t("couriers.secretText")}</p>}
      <FormEnd>
        <Button type="submit" variant="filled" disabled={!vendor} loading={save.isPending}>
          {t("couriers.save")}
        </Button>
        <Button variant="subtle" onClick={onClose}>
          {common("cancel")}
        </Button>
      </FormEnd>
    </form>
  );
}

function HoldRules({ couriers }: { couriers: Covered[] }) {
  const query = useShop();
  return <Await query={query}>{(shop) => <HoldForm shop={shop} couriers={couriers} />}</Await>;
}

function HoldForm({ shop, couriers }: { shop: Shop; couriers: Covered[] }) {
  const { t } = useTranslation("settings");
  const draft = useDraft(shop);
  return (
    <SettingsForm draft={draft}>
      <Section title={t("couriers.hold.title")}>
        <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
          {t("couriers.hold.text")}
        </p>
        <Choices draft={draft} />
        <Fields>
          <NativeSelect
            label={t("couriers.hold.payer")}
            data={(["shop", "buyer"] as const).map((value) => ({
              value,
              label: t(`couriers.hold.payers.${value}`),
            }))}
            {...draft.choice("hold.payer")}
          />
          {draft.draft.hold.payer === "buyer" && (
            <TextInput
              label={t("couriers.hold.price")}
              placeholder={t("couriers.hold.priceExample")}
              {...draft.text("hold.price_words", { optional: true })}
            />
          )}
          <NumberInput
            label={t("couriers.hold.close")}
            min={0}
            max={72}
            allowDecimal={false}
            {...draft.number("hold.close_hours")}
          />
        </Fields>
      </Section>
      <DispatchSection draft={draft} couriers={couriers} />
    </SettingsForm>
  );
}

function Choices({ draft }: { draft: Draft }) {
  const { t } = useTranslation("settings");
  const chosen = draft.draft.hold.actions;
  return (
    <fieldset style={{ border: 0, padding: 0, margin: "0 0 16px", display: "grid", gap: 8 }}>
      <legend style={{ marginBottom: 8 }}>{t("couriers.hold.actions")}</legend>
      {ACTIONS.map((one) => (
        <Checkbox
          key={one}
          label={t(`couriers.action.${one}`)}
          checked={chosen.includes(one)}
          disabled={draft.readOnly}
          onChange={(event) =>
            draft.set(
              "hold.actions",
              ACTIONS.filter((name) =>
                name === one ? event.currentTarget.checked : chosen.includes(name),
              ),
            )
          }
        />
      ))}
    </fieldset>
  );
}
