import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { show } from "../testing/stage";
import { ConfirmButton } from "./confirm";
import { useUndo } from "./undo";

function Doer({ onUndo }: { onUndo: () => void }) {
  const undo = useUndo();
  return (
    <button type="button" onClick={() => undo({ text: "Fatto.", onUndo })}>
      Fai
    </button>
  );
}

test("what was done can be undone once", async () => {
  const user = userEvent.setup();
  const back = vi.fn();
  await show(<Doer onUndo={back} />);
  await user.click(await screen.findByText("Fai"));
  await user.click(screen.getByText("Annulla"));
  expect(back).toHaveBeenCalledOnce();
  expect(screen.queryByText("Annulla")).toBeNull();
});

test("what cannot be undone is asked first, and Esc leaves it", async () => {
  const user = userEvent.setup();
  const done = vi.fn();
  await show(
    <ConfirmButton question="Smette subito." sure="Sì" onConfirm={done}>
      Revoca
    </ConfirmButton>,
  );
  await user.click(await screen.findByText("Revoca"));
  expect(screen.getByText("Smette subito.")).toBeDefined();
  await user.keyboard("{Escape}");
  expect(document.activeElement?.textContent).toBe("Revoca");
  await user.click(screen.getByText("Revoca"));
  await user.click(screen.getByText("Sì"));
  expect(done).toHaveBeenCalledOnce();
});
