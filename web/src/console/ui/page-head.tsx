import { IconArrowLeft } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import { Link } from "./link";
import css from "./ui.module.css";

/** The head of a page: what it is, the sentence that answers its question, what one can do. */
export function PageHead({
  title,
  heading,
  sentence,
  actions,
  back,
}: {
  /** Also the title of the window. */
  title: string;
  /** Instead of the title on the page, where it is more than a word. */
  heading?: ReactNode;
  sentence?: ReactNode;
  actions?: ReactNode;
  back?: { to: string; label: string };
}) {
  useEffect(() => {
    document.title = `${title} · Dopo`;
  }, [title]);
  return (
    <header className={css.head}>
      <div className={css.headText}>
        {back && (
          <Link to={back.to} className={css.back}>
            <IconArrowLeft size={16} aria-hidden />
            {back.label}
          </Link>
        )}
        <h1 tabIndex={-1}>{heading ?? title}</h1>
        {sentence && <p className={css.sentence}>{sentence}</p>}
      </div>
      {actions && <div className={css.actions}>{actions}</div>}
    </header>
  );
}
