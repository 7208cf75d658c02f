import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./ui.module.css";

/** How long something can be undone, in milliseconds. */
const UNDO_MS = 8_000;

interface Offer {
  text: string;
  onUndo: () => void;
}

const Context = createContext<(offer: Offer) => void>(() => {});

/** Says what was done and offers to undo it. */
export function useUndo(): (offer: Offer) => void {
  return useContext(Context);
}

/** Where offers to undo are shown. */
export function UndoProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [offer, setOffer] = useState<Offer | null>(null);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!offer || held) {
      return;
    }
    const timer = setTimeout(() => setOffer(null), UNDO_MS);
    return () => clearTimeout(timer);
  }, [offer, held]);
  const show = useCallback((next: Offer) => setOffer(next), []);
  return (
    <Context value={show}>
      {children}
      <div role="status" aria-live="polite">
        {offer && (
          // biome-ignore lint/a11y/noStaticElementInteractions: resting on the line keeps it, nothing else
          <div
            className={css.undo}
            onMouseEnter={() => setHeld(true)}
            onMouseLeave={() => setHeld(false)}
            onFocus={() => setHeld(true)}
            onBlur={() => setHeld(false)}
          >
            <span>{offer.text}</span>
            <button
              type="button"
              onClick={() => {
                offer.onUndo();
                setOffer(null);
              }}
            >
              {t("undo")}
            </button>
          </div>
        )}
      </div>
    </Context>
  );
}
