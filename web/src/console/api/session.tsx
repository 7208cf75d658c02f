import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { ApiProblem, api, askAbout } from "./client";
import type { Session, SessionShop } from "./types";

const KEPT = "dopo.shop";

/** Who is signed in, the shop they look at and what they may do in it. */
export interface Here extends Session {
  shop: SessionShop;
  /** Whether the role in this shop allows it, e.g. `customers:write`. */
  may: (scope: string) => boolean;
  lookAt: (slug: string) => void;
}

const Context = createContext<Here | null>(null);

/** Who asks; null when nobody is signed in. */
export function useSessionQuery() {
  return useQuery({
    queryKey: ["session"],
    staleTime: 60_000,
    retry: (count, error) => count < 2 && !(error instanceof ApiProblem && error.status < 500),
    queryFn: async ({ signal }) => {
      try {
        return await api.get<Session>("/session", { signal });
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 401) {
          return null;
        }
        throw error;
      }
    },
  });
}

/** Makes the session known to everything inside. `session` must have at least one shop. */
export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  const queries = useQueryClient();
  const [slug, setSlug] = useState(() => localStorage.getItem(KEPT));
  const shop = session.shops.find((one) => one.slug === slug) ?? session.shops[0];
  // Set before anything inside asks its first question.
  askAbout(shop?.slug ?? null);

  const lookAt = useCallback(
    (next: string) => {
      localStorage.setItem(KEPT, next);
      askAbout(next);
      setSlug(next);
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    },
    [queries],
  );
  const here = useMemo<Here | null>(() => {
    if (!shop) {
      return null;
    }
    const scopes = new Set(session.scopes[shop.slug] ?? []);
    return { ...session, shop, may: (scope) => scopes.has(scope), lookAt };
  }, [session, shop, lookAt]);
  return <Context value={here}>{children}</Context>;
}

/** The session. Only inside the shell, where somebody is signed in. */
export function useSession(): Here {
  const here = useContext(Context);
  if (!here) {
    throw new Error("no session here");
  }
  return here;
}

/** The session where there may be none. */
export function useMaybeSession(): Here | null {
  return useContext(Context);
}
