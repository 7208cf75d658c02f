/** The colours of charts, as the look of Dopo fixes them; all reach 3:1 on their ground. */

export interface Palette {
  ground: string;
  ink: string;
  muted: string;
  line: string;
  /** First, second and third series. */
  series: [string, string, string];
  target: string;
}

export const PALETTE: Record<"light" | "dark", Palette> = {
  light: {
    ground: "#ffffff",
    ink: "#1f2430",
    muted: "#5b6270",
    line: "#e4e0d7",
    series: ["#a8481f", "#285a9e", "#7a3b6d"],
    target: "#2b6b4b",
  },
  dark: {
    ground: "#1d2027",
    ink: "#eceae4",
    muted: "#a6abb6",
    line: "#31353f",
    series: ["#f0956b", "#8fb8f0", "#d79bca"],
    target: "#7fc9a2",
  },
};
