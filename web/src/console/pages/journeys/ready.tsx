import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import { pick, useLang } from "../../i18n/lang";
import { Notice } from "../../ui/notice";
import { useProblem } from "../../ui/problem";
import { FormEnd, Section } from "../../ui/section";
import { Side } from "../../ui/side";
import { StepList } from "./steps";
import type { GraphEdge, GraphNode } from "./types";

/** A built-in journey that the shop does not have. */
interface ReadyJourney {
  id: string;
  name_it: string;
  name_en: string;
  trigger: { it: string; en: string };
  graph: { nodes: GraphNode[]; edges: GraphEdge[] };
}

/** Built-in journeys that came after the shop was set up: to look at, and to add switched off. */
export function ReadyJourneys() {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const { may } = useSession();
  const query = useGet<{ items: ReadyJourney[] }>("/ready-journeys", { topics: ["journeys"] });
  const [looking, setLooking] = useState<string | null>(null);
  const [added, setAdded] = useState<string | null>(null);
  const add = useChange<ReadyJourney>(
    (one) => api.post(`/ready-journeys/${encodeURIComponent(one.id)}`),
    { topics: ["journeys"] },
  );
  const { words } = useProblem(add.error);
  const items = query.data?.items ?? [];
  const open = items.find((one) => one.id === looking) ?? null;
  const take = (one: ReadyJourney) =>
    add.mutate(one, {
      onSuccess: () => {
        setAdded(pick(lang, one, "name"));
        setLooking(null);
      },
    });
  if (items.length === 0 && added === null) {
    return null;
  }
  return (
    <div style={{ marginTop: 24 }}>
      <Section title={t("ready.title")}>
        <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
          {t("ready.text")}
        </p>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        {added !== null && <Notice tone="good" live title={t("ready.added", { name: added })} />}
        <ul style={{ listStyle: "none", padding: 0, display: "grid", gap: 12 }}>
          {items.map((one) => {
            const name = pick(lang, one, "name");
            return (
              <li
                key={one.id}
                style={{ display: "flex", gap: 12, flexWrap: "wrap", alignItems: "center" }}
              >
                <span style={{ flex: "1 1 24ch" }}>
                  <strong>{name}</strong>
                  <br />
                  <span className="muted">{t("starts", { when: one.trigger[lang] })}</span>
                </span>
                <Button variant="subtle" onClick={() => setLooking(one.id)}>
                  {t("ready.look", { name })}
                </Button>
                {may("journeys:write") && (
                  <Button
                    loading={add.isPending && add.variables?.id === one.id}
                    onClick={() => take(one)}
                    aria-label={`${t("ready.add")}: ${name}`}
                  >
                    {t("ready.add")}
                  </Button>
                )}
              </li>
            );
          })}
        </ul>
      </Section>
      <Side
        wide
        opened={open !== null}
        onClose={() => setLooking(null)}
        title={open ? pick(lang, open, "name") : ""}
      >
        {open && (
          <>
            <StepList nodes={open.graph.nodes} edges={open.graph.edges} />
            {may("journeys:write") && (
              <FormEnd>
                <Button variant="filled" loading={add.isPending} onClick={() => take(open)}>
                  {t("ready.add")}
                </Button>
              </FormEnd>
            )}
          </>
        )}
      </Side>
    </div>
  );
}
