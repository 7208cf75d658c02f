import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { ApiProblem } from "./api/client";
import { router } from "./router";
import { theme } from "./theme";
import { UndoProvider } from "./ui/undo";

/** How often a question is asked again by itself when the server failed. */
const RETRIES_MAX = 2;

/** The memory of the answers; live updates say what has gone stale. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        retry: (count, error) =>
          count < RETRIES_MAX && !(error instanceof ApiProblem && error.status < 500),
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** The console. */
export function App() {
  const [queries] = useState(newQueryClient);
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <UndoProvider>
          <RouterProvider router={router} />
        </UndoProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
