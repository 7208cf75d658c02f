/** A table as CSV that spreadsheets open without asking: UTF-8 with a mark, CRLF, formula-safe. */

import type { Lang } from "../i18n/lang";

export type Cell = string | number | null;

/** Cells beginning like this would be read as a formula by a spreadsheet. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: Cell, lang: Lang): string {
  if (value === null) {
    return "";
  }
  if (typeof value === "number") {
    return lang === "it" ? String(value).replace(".", ",") : String(value);
  }
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The text of the file; Italian spreadsheets part cells by semicolons and decimals by a comma. */
export function csv(head: string[], rows: Cell[][], lang: Lang): string {
  const between = lang === "it" ? ";" : ",";
  const lines = [head, ...rows].map((row) => row.map((one) => cell(one, lang)).join(between));
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

/** Hands the file to the browser. */
export function download(name: string, text: string, type = "text/csv;charset=utf-8"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads the blob after the click; a minute is plenty.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
