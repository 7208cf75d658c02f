import "./mantine";
import "@fontsource-variable/inter/wght.css";
import "./tokens.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { startWords } from "./i18n/start";

const root = document.getElementById("root");
if (!root) {
  throw new Error("the page has no #root");
}
await startWords();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
