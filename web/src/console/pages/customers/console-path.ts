/** A link of the API is a path of the console, with or without its front. */
export function consolePath(link: string): string {
  return link.replace(/^\/console(?=\/|$)/, "") || "/";
}
