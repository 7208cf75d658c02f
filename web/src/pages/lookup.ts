/**
 * The look-up form on a shop's own site:
 *
 *     <script async src="https://dopo.example/assets/lookup.js" data-shop="bottega"></script>
 *
 * puts a form after itself (or into the element that `data-into` selects). Sending it leads to our look-up page. The
 * script loads nothing, keeps nothing and reads nothing of the page but its language.
 */
type Words = { number: string; email: string; send: string };

const WORDS: Record<string, Words> = {
  it: { number: "Numero dell'ordine", email: "E-mail", send: "Trova il mio ordine" },
  en: { number: "Order number", email: "E-mail", send: "Find my order" },
};

/** Looks of no weight: every rule of the site wins over them. */
const LOOKS = `
:where(.dopo-lookup){max-width:26rem}
:where(.dopo-lookup p){margin:0 0 1rem}
:where(.dopo-lookup label){display:block;margin:0 0 .25rem;font-weight:600}
:where(.dopo-lookup input){box-sizing:border-box;width:100%;min-height:48px;padding:.5rem .75rem;font:inherit}
:where(.dopo-lookup button){min-height:48px;padding:.5rem 1.25rem;font:inherit;font-weight:600;cursor:pointer}
`;

/** Gives the form looks where the browser can keep them apart from the site's own. */
function dress(root: Document): void {
  if ("adoptedStyleSheets" in root && "replaceSync" in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LOOKS);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }
}

export function place(root: Document, script: HTMLScriptElement): void {
  const shop = script.dataset.shop ?? "";
  const address = new URL(script.src);
  const language = (script.dataset.lang ?? root.documentElement.lang ?? "it").slice(0, 2) || "it";
  const words = WORDS[language] ?? (WORDS.en as Words);
  const form = root.createElement("form");
  form.className = "dopo-lookup";
  form.method = "post";
  form.action = `${address.origin}/track/${encodeURIComponent(shop)}?lang=${encodeURIComponent(language)}`;
  const field = (name: string, type: string, label: string, fill: AutoFill) => {
    const row = root.createElement("p");
    const title = root.createElement("label");
    const input = root.createElement("input");
    input.id = `dopo-lookup-${name}`;
    input.name = name;
    input.type = type;
    input.required = true;
    input.autocomplete = fill;
    title.htmlFor = input.id;
    title.textContent = label;
    row.append(title, " ", input);
    form.append(row);
  };
  field("number", "text", words.number, "off");
  field("email", "email", words.email, "email");
  const button = root.createElement("button");
  button.textContent = words.send;
  form.append(button);
  dress(root);
  const into = script.dataset.into === undefined ? null : root.querySelector(script.dataset.into);
  if (into === null) {
    script.after(form);
  } else {
    into.append(form);
  }
}

const own = document.currentScript;
if (own instanceof HTMLScriptElement) {
  place(document, own);
}
