import { PageFailed } from "./boundary";

/** Instead of a page whose files or code failed. */
export function RouteFailed() {
  return <PageFailed />;
}
