import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, configure, render } from "@testing-library/react";
import i18next from "i18next";
import type { ReactNode } from "react";
import { initReactI18next } from "react-i18next";
import { afterEach } from "vitest";
import { SessionProvider } from "../api/session";
import type { Session } from "../api/types";
import { readSearch, writeSearch } from "../router-search";
import { theme } from "../theme";
import { UndoProvider } from "../ui/undo";

const texts = import.meta.glob<Record<string, unknown>>("../i18n/{it,en}/*.json", {
  eager: true,
  import: "default",
});

configure({ asyncUtilTimeout: 20_000 });
afterEach(cleanup);

/** What the server was asked in a test. */
export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  headers: Record<string, string>;
}

/** Answers by `METHOD /path`; a function is asked with what was sent. */
export type Answers = Record<string, unknown | ((asked: Asked) => unknown)>;

/** An answer that is a problem. */
export function problem(status: number, code: string, more: object = {}): Response {
  return Response.json({ status, code, ...more }, { status });
}

/** Puts a server in the place of `fetch`; what it was asked is in the list. */
export function serve(answers: Answers): Asked[] {
  const asked: Asked[] = [];
  globalThis.fetch = async (input: RequestInfo | URL, init: RequestInit = {}) => {
    const address = new URL(String(input), "http://dopo.example");
    const one: Asked = {
      method: init.method ?? "GET",
      path: address.pathname.replace("/api/v1", ""),
      query: Object.fromEntries(address.searchParams),
      body: init.body ? JSON.parse(String(init.body)) : undefined,
      headers: Object.fromEntries(
        Object.entries((init.headers ?? {}) as Record<string, string>).map(([name, value]) => [
          name.toLowerCase(),
          value,
        ]),
      ),
    };
    asked.push(one);
    const answer = answers[`${one.method} ${one.path}`];
    const value = typeof answer === "function" ? answer(one) : answer;
    if (value instanceof Response) {
      return value;
    }
    if (answer === undefined) {
      return problem(404, "not_found");
    }
    return value === null ? new Response(null, { status: 204 }) : Response.json(value);
  };
  return asked;
}

/** An owner of one shop that is live. */
export function session(scopes: string[], more: Partial<Session> = {}): Session {
  return {
    user: { id: "1", email: "mara@bottega.example", name: null, locale: "it" },
    shops: [{ slug: "bottega", name: "Bottega", role: "owner", live: true, disconnected: false }],
    scopes: { bottega: scopes },
    demo: false,
    passkeys: 0,
    version: "0.0.0",
    ...more,
  };
}

/** Shows a part of the console in Italian at an address, with somebody signed in if a session is given. */
export async function show(node: ReactNode, { at = "/", as }: { at?: string; as?: Session } = {}) {
  if (!i18next.isInitialized) {
    const resources: Record<string, Record<string, Record<string, unknown>>> = { it: {}, en: {} };
    for (const [file, words] of Object.entries(texts)) {
      const [, language = "", area = ""] = /(it|en)\/([\w-]+)\.json$/.exec(file) ?? [];
      const inside = resources[language];
      if (inside) {
        inside[area] = words;
      }
    }
    await i18next.use(initReactI18next).init({
      lng: "it",
      resources,
      defaultNS: "common",
      interpolation: { escapeValue: false },
    });
  }
  const root = createRootRoute({ component: () => node });
  const router = createRouter({
    routeTree: root,
    history: createMemoryHistory({ initialEntries: [at] }),
    parseSearch: readSearch,
    stringifySearch: writeSearch,
    defaultNotFoundComponent: () => node,
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const inside = <RouterProvider router={router as never} />;
  const shown = render(
    <MantineProvider theme={theme} env="test" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <UndoProvider>
          {as ? <SessionProvider session={as}>{inside}</SessionProvider> : inside}
        </UndoProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...shown, router, queries };
}
