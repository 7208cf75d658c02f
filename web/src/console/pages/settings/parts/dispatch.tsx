import { Checkbox, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Fields, Section } from "../../../ui/section";
import type { Draft } from "./draft";

type Courier = { id: string; name: string };

/** Where parcels leave from and who delivers on Saturdays: what estimates of the delivery day go by. */
export function DispatchSection({ draft, couriers }: { draft: Draft; couriers: Courier[] }) {
  const { t } = useTranslation("settings");
  const province = draft.text("dispatch.province", { optional: true });
  return (
    <Section title={t("couriers.dispatch.title")}>
      <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
        {t("couriers.dispatch.text")}
      </p>
      <Fields>
        <TextInput
          label={t("couriers.dispatch.province")}
          description={t("couriers.dispatch.provinceHint")}
          maxLength={2}
          {...province}
          onChange={(event) =>
            province.onChange({
              currentTarget: { value: event.currentTarget.value.toUpperCase() },
            })
          }
        />
      </Fields>
      <Saturdays draft={draft} couriers={couriers} />
    </Section>
  );
}

function Saturdays({ draft, couriers }: { draft: Draft; couriers: Courier[] }) {
  const { t } = useTranslation("settings");
  const chosen = draft.draft.dispatch?.saturdays ?? [];
  const known = new Map(chosen.map((id) => [id, id]));
  for (const { id, name } of couriers) {
    known.set(id, name);
  }
  if (known.size === 0) {
    return null;
  }
  const all = [...known.keys()];
  return (
    <fieldset style={{ border: 0, padding: 0, margin: "16px 0", display: "grid", gap: 8 }}>
      <legend style={{ marginBottom: 8 }}>{t("couriers.dispatch.saturdays")}</legend>
      {all.map((one) => (
        <Checkbox
          key={one}
          label={known.get(one)}
          checked={chosen.includes(one)}
          disabled={draft.readOnly}
          onChange={(event) =>
            draft.set(
              "dispatch.saturdays",
              all.filter((name) =>
                name === one ? event.currentTarget.checked : chosen.includes(name),
              ),
            )
          }
        />
      ))}
    </fieldset>
  );
}
