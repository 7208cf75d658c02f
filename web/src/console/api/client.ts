import { heardClock } from "./clock";
import type { FieldProblem, Problem } from "./types";

const BASE = "/api/v1";

/** Values of a query; what is absent or empty is left out. */
export type Query = Record<string, string | number | boolean | null | undefined>;

/** An answer that was not what was asked for. `code` is stable; the words for it are in `common.problem`. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly scope: string | null;
  readonly errors: FieldProblem[];
  /** Seconds until one may ask again. */
  readonly retryAfter: number | null;
  /** The whole answer, for codes that carry more. */
  readonly body: Record<string, unknown>;

  constructor(status: number, problem: Problem, retryAfter: number | null = null) {
    super(`${status} ${problem.code ?? "unreadable"}`);
    this.name = "ApiProblem";
    this.status = status;
    this.code = problem.code ?? "unreadable";
    this.detail = problem.detail ?? problem.title ?? "";
    this.scope = problem.scope ?? null;
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter;
    this.body = problem as Record<string, unknown>;
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {
  constructor() {
    super("unreachable");
    this.name = "Unreachable";
  }
}

let shop: string | null = null;
let onSignedOut: () => void = () => {};

/** Names the shop that every question from now on is about. */
export function askAbout(slug: string | null): void {
  shop = slug;
}

/** What happens when the server no longer knows who asks. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

/** The address of an endpoint with its query. */
export function apiUrl(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") {
      search.set(name, String(value));
    }
  }
  const text = search.toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}

/** Headers that every question carries. */
export function headers(): Record<string, string> {
  return shop ? { "Dopo-Shop": shop } : {};
}

interface Options {
  query?: Query;
  signal?: AbortSignal;
  /** A key under which the same creation happens once, however often it is sent. */
  idempotencyKey?: string;
}

async function ask(
  method: string,
  path: string,
  body: unknown,
  options: Options,
): Promise<Response> {
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      ...headers(),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(options.idempotencyKey ? { "Idempotency-Key": options.idempotencyKey } : {}),
    },
  };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
  }
  if (options.signal) {
    init.signal = options.signal;
  }
  let answer: Response;
  try {
    answer = await fetch(apiUrl(path, options.query), init);
  } catch (error) {
    if (options.signal?.aborted) {
      throw error;
    }
    throw new Unreachable();
  }
  heardClock(answer.headers.get("Dopo-Clock"));
  if (answer.ok) {
    return answer;
  }
  const problem = await read(answer);
  if (answer.status === 401 && problem.code !== "sign_in_wrong") {
    onSignedOut();
  }
  const retry = Number(answer.headers.get("Retry-After"));
  throw new ApiProblem(answer.status, problem, Number.isFinite(retry) && retry > 0 ? retry : null);
}

async function read(answer: Response): Promise<Problem> {
  try {
    const body: unknown = await answer.json();
    return typeof body === "object" && body !== null ? (body as Problem) : {};
  } catch {
    return {};
  }
}

async function json<T>(answer: Response): Promise<T> {
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Questions to `/api/v1`. Every one throws `ApiProblem` or `Unreachable`. */
export const api = {
  get: async <T>(path: string, options: Options = {}): Promise<T> =>
    json<T>(await ask("GET", path, undefined, options)),
  post: async <T = void>(path: string, body: unknown = {}, options: Options = {}): Promise<T> =>
    json<T>(await ask("POST", path, body, options)),
  put: async <T = void>(path: string, body: unknown = {}, options: Options = {}): Promise<T> =>
    json<T>(await ask("PUT", path, body, options)),
  patch: async <T = void>(path: string, body: unknown, options: Options = {}): Promise<T> =>
    json<T>(await ask("PATCH", path, body, options)),
  del: async <T = void>(path: string, options: Options = {}): Promise<T> =>
    json<T>(await ask("DELETE", path, undefined, options)),
  /** The answer as text. */
  text: async (path: string, options: Options = {}): Promise<string> =>
    (await ask("GET", path, undefined, options)).text(),
  /** Saves the answer as a file. */
  download: async (path: string, query: Query, filename: string): Promise<void> => {
    const blob = await (await ask("GET", path, undefined, { query })).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = filename;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  },
};

/** A key for `Idempotency-Key`: make it when the form opens, not when it is sent. */
export function freshKey(): string {
  return crypto.randomUUID();
}
