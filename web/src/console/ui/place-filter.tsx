import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { PROVINCES, REGIONS } from "../pages/customers/places";
import { useQueryState } from "./query-state";

/** The filters of a place as they stand in the address. */
export const PLACE = ["province", "region"] as const;

/** Narrows a list to a region or to provinces of Italy. */
export function PlaceFilter() {
  const { t } = useTranslation();
  const [query, setQuery] = useQueryState();
  const { province, region } = query;
  const chosen = province ? `province=${province}` : region ? `region=${region}` : null;
  // Several provinces come from a link, never from here.
  const several = province?.includes(",")
    ? [{ value: `province=${province}`, label: province }]
    : [];
  return (
    <Select
      label={t("place.label")}
      placeholder={t("place.all")}
      data={[
        ...several,
        {
          group: t("place.regions"),
          items: REGIONS.map(([id, label]) => ({ value: `region=${id}`, label })),
        },
        {
          group: t("place.provinces"),
          items: PROVINCES.map(([id, name]) => ({
            value: `province=${id}`,
            label: `${name} (${id})`,
          })),
        },
      ]}
      value={chosen}
      onChange={(next) => {
        const [kind, value] = next?.split("=") ?? [];
        setQuery({ province: null, region: null, ...(kind && value ? { [kind]: value } : {}) });
      }}
      searchable
      clearable
    />
  );
}
