import {
  type InfiniteData,
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { api, type Query } from "./client";
import { useMaybeSession } from "./session";
import type { Page, Topic } from "./types";

interface Asked {
  query?: Query;
  /** Live topics after which the answer is asked for again. */
  topics?: readonly Topic[];
  enabled?: boolean;
  /** Asks again by itself after so many milliseconds, while it gives a number. */
  every?: (last: unknown) => number | false;
  /** Whether the last answer stays while another query is under way; yes unless said. */
  keep?: boolean;
}

/** One answer of the API about the present shop. */
export function useGet<T>(path: string, { query, topics, enabled, every, keep }: Asked = {}) {
  const shop = useMaybeSession()?.shop.slug ?? null;
  return useQuery<T>({
    queryKey: [shop, path, query ?? {}],
    queryFn: ({ signal }) => api.get<T>(path, { query, signal }),
    meta: { topics },
    enabled,
    refetchInterval: every ? (now) => every(now.state.data) : false,
    placeholderData: keep === false ? undefined : keepPreviousData,
  });
}

/** A list of the API, page after page. `P` is a page that says more than its rows. */
export function useList<T, P extends Page<T> = Page<T>>(
  path: string,
  { query, topics, enabled }: Asked = {},
) {
  const shop = useMaybeSession()?.shop.slug ?? null;
  const found = useInfiniteQuery<
    P,
    Error,
    InfiniteData<P, string | null>,
    readonly unknown[],
    string | null
  >({
    queryKey: [shop, path, query ?? {}, "list"],
    queryFn: ({ signal, pageParam }) =>
      api.get<P>(path, { query: { ...query, cursor: pageParam }, signal }),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    meta: { topics },
    enabled,
    placeholderData: keepPreviousData,
  });
  const items = useMemo(() => found.data?.pages.flatMap((page) => page.items), [found.data]);
  const { fetchNextPage } = found;
  const next = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return {
    /** Undefined until the first page is there. */
    items,
    /** The first page, with what it says beside its rows. */
    first: found.data?.pages[0],
    error: found.error,
    loading: found.isPending && found.fetchStatus !== "idle",
    /** Shows the rows of the question before while the new ones are on their way. */
    stale: found.isPlaceholderData,
    again: () => void found.refetch(),
    more: found.hasNextPage ? next : null,
    loadingMore: found.isFetchingNextPage,
  };
}

/** What `useList` gives to a table. */
export type List<T> = Omit<ReturnType<typeof useList<T>>, "first">;

/** A change; afterwards everything about the topics is asked for again. */
export function useChange<TIn = void, TOut = unknown>(
  change: (input: TIn) => Promise<TOut>,
  {
    topics = [],
    onDone,
  }: { topics?: readonly Topic[]; onDone?: (out: TOut, input: TIn) => void } = {},
) {
  const queries = useQueryClient();
  return useMutation<TOut, Error, TIn>({
    mutationFn: change,
    onSuccess: async (out, input) => {
      onDone?.(out, input);
      await refresh(queries, topics);
    },
  });
}

/** Asks again for everything on the page that is about one of the topics. */
export function refresh(queries: QueryClient, topics: readonly string[]): Promise<void> {
  return queries.invalidateQueries({
    predicate: (query) => {
      const about = query.meta?.topics as readonly string[] | undefined;
      return about?.some((topic) => topics.includes(topic)) ?? false;
    },
  });
}
