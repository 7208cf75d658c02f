import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
  IconFileText,
  IconPackage,
  IconRoute,
  IconSearch,
  IconUser,
  type TablerIcon,
} from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useGet } from "../api/hooks";
import { useSession } from "../api/session";
import type { Schemas } from "../api/types";
import { pick, useLang } from "../i18n/lang";
import { useGo } from "../ui/link";
import { PLACES, SETTINGS_GROUPS } from "./navigation";
import css from "./shell.module.css";

/** Wait after the last key before the server is asked, in milliseconds. */
const TYPING_MS = 150;

/** Letters from which the server is asked. */
const QUERY_CHARS_MIN = 2;

type Found = Schemas["Found"];

interface Hit {
  group: "customers" | "orders" | "journeys" | "pages";
  id: string;
  to: string;
  icon: TablerIcon;
  text: string;
  note: string;
}

/** Finds any customer, order, journey or page; by keyboard alone if one likes. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("shell");
  const lang = useLang();
  const go = useGo();
  const { may } = useSession();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const [asked] = useDebouncedValue(text.trim(), TYPING_MS);
  const enough = asked.length >= QUERY_CHARS_MIN;
  const found = useGet<Found>("/search", { query: { q: asked }, enabled: enough, keep: true });
  const list = useRef<HTMLDivElement>(null);

  const hits = useMemo<Hit[]>(() => {
    const pages = [
      ...PLACES.map((place) => ({ ...place, settings: false })),
      ...SETTINGS_GROUPS.flatMap((group) => group.places).map((place) => ({
        ...place,
        icon: IconFileText,
        settings: true,
      })),
    ]
      .filter((place) => place.scope === null || may(place.scope))
      .map((place) => ({
        place,
        name: t(place.settings ? `settings.${place.id}` : `place.${place.id}`),
      }))
      .filter(({ name }) => fold(name).includes(fold(text.trim())))
      .map(
        ({ place, name }): Hit => ({
          group: "pages",
          id: place.to,
          to: place.to,
          icon: place.icon,
          text: name,
          note: place.settings ? t("place.settings") : "",
        }),
      );
    const data = enough ? found.data : undefined;
    return [
      ...(data?.customers ?? []).map(
        (one): Hit => ({
          group: "customers",
          id: one.id,
          to: `/customers/${one.id}`,
          icon: IconUser,
          text: one.name ?? one.email ?? t("find.nameless"),
          note: one.name ? (one.email ?? "") : "",
        }),
      ),
      ...(data?.orders ?? []).map(
        (one): Hit => ({
          group: "orders",
          id: one.id,
          to: `/orders/${one.id}`,
          icon: IconPackage,
          text: one.number,
          note: one.customer?.name ?? "",
        }),
      ),
      ...(data?.journeys ?? []).map(
        (one): Hit => ({
          group: "journeys",
          id: one.id,
          to: `/journeys/${one.id}`,
          icon: IconRoute,
          text: pick(lang, one, "name"),
          note: "",
        }),
      ),
      ...pages,
    ];
  }, [found.data, enough, text, lang, may, t]);

  const at = Math.min(chosen, Math.max(hits.length - 1, 0));
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });

  const open = (hit: Hit | undefined) => {
    if (hit) {
      onClose();
      go(hit.to);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length > 0) {
      event.preventDefault();
      setChosen((at + step + hits.length) % hits.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(hits[at]);
    }
  };
  let group = "";
  const note = found.error
    ? t("find.failed")
    : text.trim() && hits.length === 0
      ? asked === text.trim() && !found.isFetching
        ? t("find.nothing", { q: text.trim() })
        : t("find.looking")
      : null;
  return (
    <Modal.Root opened onClose={onClose} size={560} yOffset="12vh" lockScroll={false}>
      <Modal.Overlay backgroundOpacity={0.3} />
      <Modal.Content aria-label={t("find.open")}>
        <div className={css.palette}>
          <div className={css.paletteInput}>
            <IconSearch size={18} aria-hidden />
            <input
              data-autofocus
              type="text"
              role="combobox"
              aria-expanded={hits.length > 0}
              aria-controls="palette-list"
              aria-activedescendant={hits[at] ? `palette-${at}` : undefined}
              aria-label={t("find.placeholder")}
              placeholder={t("find.placeholder")}
              value={text}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => {
                setText(event.currentTarget.value);
                setChosen(0);
              }}
              onKeyDown={onKeyDown}
            />
          </div>
          <div
            ref={list}
            className={css.paletteList}
            id="palette-list"
            role="listbox"
            aria-label={t("find.found")}
          >
            {hits.map((hit, index) => {
              const head = hit.group === group ? null : hit.group;
              group = hit.group;
              return (
                <div key={`${hit.group} ${hit.id}`} role="presentation">
                  {head && <div className={css.paletteGroup}>{t(`find.group.${head}`)}</div>}
                  {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's */}
                  <div
                    id={`palette-${index}`}
                    role="option"
                    tabIndex={-1}
                    aria-selected={index === at}
                    className={css.paletteItem}
                    onMouseMove={() => setChosen(index)}
                    onClick={() => open(hit)}
                  >
                    <hit.icon size={18} stroke={1.75} aria-hidden />
                    <span>{hit.text}</span>
                    <span>{hit.note}</span>
                  </div>
                </div>
              );
            })}
          </div>
          <div role="status">{note && <p className={css.paletteNote}>{note}</p>}</div>
        </div>
      </Modal.Content>
    </Modal.Root>
  );
}

/** Without case and accents. */
function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
