import { useComputedColorScheme } from "@mantine/core";

/** Whether the page is dark now. */
export function useDark(): boolean {
  return useComputedColorScheme("light") === "dark";
}
