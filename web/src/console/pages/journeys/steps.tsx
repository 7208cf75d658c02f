import {
  IconArrowsSplit2,
  IconBell,
  IconChecklist,
  IconClock,
  IconFlag,
  IconMail,
  IconMessage,
  IconPhone,
  IconPlayerPlay,
  IconTag,
  IconTicket,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ratio } from "../../charts/format";
import { pick, useLang } from "../../i18n/lang";
import { useFormat } from "../../ui/format";
import css from "./journeys.module.css";
import type { Counts, GraphEdge, GraphNode } from "./types";

const ICONS: Record<string, TablerIcon> = {
  start: IconPlayerPlay,
  wait: IconClock,
  wait_until: IconClock,
  wait_for: IconClock,
  wait_quiet: IconClock,
  if: IconArrowsSplit2,
  send: IconMail,
  set: IconTag,
  tag: IconTag,
  coupon: IconTicket,
  task: IconChecklist,
  stop: IconFlag,
  end: IconFlag,
};

const CHANNEL_ICONS: Record<string, TablerIcon> = {
  sms: IconMessage,
  push: IconBell,
  call: IconPhone,
};

/** The picture of a kind of step. */
export function stepIcon(node: GraphNode): TablerIcon {
  return CHANNEL_ICONS[node.channel ?? ""] ?? ICONS[node.kind] ?? IconFlag;
}

/** What a step lost: the share of what it decided that was held back; null when it decided nothing. */
export function dropOff(counts: Counts): number | null {
  const decided = counts.sent + counts.held_back;
  return decided === 0 ? null : counts.held_back / decided;
}

/** What people did with the messages of a step, where it can be measured. */
export function actsOf(counts: Counts): { name: "opened" | "clicked"; n: number; of: number }[] {
  const { opened, open_measurable, clicked, click_measurable } = counts;
  return [
    { name: "opened" as const, n: opened ?? 0, of: open_measurable },
    { name: "clicked" as const, n: clicked ?? 0, of: click_measurable },
  ].filter((one) => one.of > 0);
}

/** The figures of a step, those that are not nought. */
export function StepCounts({ node }: { node: GraphNode }) {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const format = useFormat();
  const { counts } = node;
  const lost = dropOff(counts);
  const shown: [string, string][] = [];
  if (counts.waiting > 0) {
    shown.push(["waiting", format.number(counts.waiting)]);
  }
  if (counts.sent > 0 || node.template) {
    shown.push(["sent", format.number(counts.sent)]);
  }
  if (counts.held_back > 0) {
    shown.push([
      "held_back",
      `${format.number(counts.held_back)}${lost === null ? "" : ` (${ratio(lost, lang)})`}`,
    ]);
  }
  const acts = actsOf(counts);
  if (shown.length === 0 && acts.length === 0) {
    return null;
  }
  return (
    <span className={css.counts}>
      {shown.map(([name, value]) => (
        <span key={name} data-count={name}>
          {t(`count.${name}`, { n: value })}
        </span>
      ))}
      {acts.map(({ name, n, of }) => (
        <span key={name} className={css.act}>
          {t(`count.${name}`, { share: ratio(n / of, lang), n: format.number(of) })}
        </span>
      ))}
    </span>
  );
}

/** What a step is: icon, words and figures. */
export function StepFace({ node }: { node: GraphNode }) {
  const lang = useLang();
  const Icon = stepIcon(node);
  const detail = pick(lang, node, "detail");
  return (
    <>
      <span className={css.stepIcon}>
        <Icon size={16} aria-hidden />
      </span>
      <span className={css.stepBody}>
        <span className={css.stepLabel}>{pick(lang, node, "label") || node.id}</span>
        {detail && <span className={css.stepDetail}>{detail}</span>}
        <StepCounts node={node} />
      </span>
    </>
  );
}

/** One step of the list with where it leads. */
export interface Listed {
  node: GraphNode;
  /** Where it goes on: the number in the list, null for the end; with the word of the way. */
  ways: { number: number | null; it: string; en: string }[];
}

/** The steps in an order that one can read: each after those that lead to it, branches one after the other. */
export function ordered(nodes: GraphNode[], edges: GraphEdge[]): Listed[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const out = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    out.set(edge.from, [...(out.get(edge.from) ?? []), edge]);
  }
  // A reversed walk that writes a step down once all after it stand: the usual order of a program.
  const seen = new Set<string>();
  const after: GraphNode[] = [];
  const visit = (node: GraphNode) => {
    seen.add(node.id);
    for (const edge of [...(out.get(node.id) ?? [])].reverse()) {
      const next = byId.get(edge.to);
      if (next && !seen.has(next.id)) {
        visit(next);
      }
    }
    after.push(node);
  };
  for (const node of [...nodes].reverse()) {
    if (!seen.has(node.id) && !edges.some((edge) => edge.to === node.id)) {
      visit(node);
    }
  }
  for (const node of nodes) {
    if (!seen.has(node.id)) {
      visit(node);
    }
  }
  const list = after.reverse();
  const number = new Map(list.map((node, at) => [node.id, at + 1]));
  return list.map((node) => ({
    node,
    ways: (out.get(node.id) ?? []).map((edge) => ({
      number: number.get(edge.to) ?? null,
      it: edge.label_it ?? "",
      en: edge.label_en ?? "",
    })),
  }));
}

/** The journey as a list of its steps, for phones and for those who hear it. */
export function StepList({
  nodes,
  edges,
  onOpen,
}: {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** Without it there is nothing behind a step. */
  onOpen?: (node: GraphNode) => void;
}) {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const list = ordered(nodes, edges);
  return (
    <ol className={css.steps}>
      {list.map(({ node, ways }, at) => (
        <li key={node.id}>
          {onOpen ? (
            <button
              type="button"
              className={css.step}
              data-kind={node.kind}
              onClick={() => onOpen(node)}
            >
              <span className={css.stepNumber}>{at + 1}</span>
              <StepFace node={node} />
            </button>
          ) : (
            <div className={css.step} data-kind={node.kind}>
              <span className={css.stepNumber}>{at + 1}</span>
              <StepFace node={node} />
            </div>
          )}
          {(ways.length > 1 || (ways[0] && ways[0].number !== at + 2)) && (
            <ul className={css.ways}>
              {ways.map((way) => (
                <li key={`${way.number}${way.it}`}>
                  {way[lang] && `${way[lang]}: `}
                  {way.number === null ? t("way.end") : t("way.to", { n: way.number })}
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ol>
  );
}
