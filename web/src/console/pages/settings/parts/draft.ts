import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api } from "../../../api/client";
import { useChange, useGet } from "../../../api/hooks";
import { useSession } from "../../../api/session";
import { useProblem } from "../../../ui/problem";
import type { Shop, ShopSettings } from "./types";

type Json = unknown;

/** Reads `seller.phone` in a value. */
export function at(value: Json, path: string): Json {
  return path
    .split(".")
    .reduce<Json>((inside, name) => (inside as Record<string, Json> | undefined)?.[name], value);
}

/** A copy with the value at a path changed. */
export function put<T>(value: T, path: string, to: Json): T {
  const [name = "", ...rest] = path.split(".");
  const inside = (value ?? {}) as Record<string, Json>;
  return { ...inside, [name]: rest.length > 0 ? put(inside[name], rest.join("."), to) : to } as T;
}

/** The JSON merge patch (RFC 7396) from one value to another; undefined when they are the same. */
export function mergePatch(from: Json, to: Json): Json {
  const plain = (value: Json): value is Record<string, Json> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!plain(from) || !plain(to)) {
    return JSON.stringify(from ?? null) === JSON.stringify(to ?? null) ? undefined : (to ?? null);
  }
  const patch: Record<string, Json> = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const change = mergePatch(from[name], to[name]);
    if (change !== undefined) {
      patch[name] = change;
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The shop's settings. */
export function useShop() {
  return useGet<Shop>("/shop", { topics: ["settings"] });
}

/** Settings being changed: the draft, its fields, and the way to save what differs. */
export function useDraft(shop: Shop) {
  const queries = useQueryClient();
  const { may, shop: here } = useSession();
  const [changes, setChanges] = useState<Record<string, Json>>({});
  const draft = useMemo(
    () =>
      Object.entries(changes).reduce<ShopSettings>(
        (settings, [path, value]) => put(settings, path, value),
        shop.settings,
      ),
    [shop.settings, changes],
  );
  const patch = mergePatch(shop.settings, draft);
  const save = useChange((change: Json) => api.patch<Shop>("/shop", change), {
    topics: ["settings"],
    onDone: (next) => {
      queries.setQueryData([here.slug, "/shop", {}], next);
      setChanges({});
      if (next.settings.name !== here.name) {
        void queries.invalidateQueries({ queryKey: ["session"] });
      }
    },
  });
  const problem = useProblem(save.error);
  const readOnly = !may("settings:write");
  const set = (path: string, value: Json) => {
    if (save.isSuccess) {
      save.reset();
    }
    setChanges((before) => ({ ...before, [path]: value }));
  };
  return {
    draft,
    set,
    patch,
    readOnly,
    save: (extra?: Json) => save.mutateAsync({ ...(patch as object), ...(extra as object) }),
    saving: save.isPending,
    saved: save.isSuccess && patch === undefined,
    words: problem.words,
    error: problem.field,
    /** Properties of a text field; an empty one is taken out when it may be. */
    text: (path: string, { optional = false } = {}) => ({
      value: String(at(draft, path) ?? ""),
      onChange: (event: { currentTarget: { value: string } }) => {
        const { value } = event.currentTarget;
        set(path, optional && value.trim() === "" ? null : value);
      },
      error: problem.field(path),
      readOnly,
    }),
    /** Properties of a choice. */
    choice: (path: string) => ({
      value: String(at(draft, path) ?? ""),
      onChange: (event: { currentTarget: { value: string } }) =>
        set(path, event.currentTarget.value),
      error: problem.field(path),
      disabled: readOnly,
    }),
    /** Properties of a whole number. */
    number: (path: string) => ({
      value: at(draft, path) as number,
      onChange: (value: number | string) => set(path, value === "" ? 0 : Number(value)),
      error: problem.field(path),
      readOnly,
    }),
  };
}

/** What `useDraft` gives. */
export type Draft = ReturnType<typeof useDraft>;
