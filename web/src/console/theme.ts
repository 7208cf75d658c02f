import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** A colour that stands in `tokens.css`; Mantine wants ten shades of each and gets the one. */
function token(name: string): MantineColorsTuple {
  const colour = `var(--${name})`;
  return [colour, colour, colour, colour, colour, colour, colour, colour, colour, colour];
}

/** What Mantine has to know of the look. Colours and sizes themselves stand in `tokens.css`. */
export const theme = createTheme({
  primaryColor: "accent",
  colors: { accent: token("accent"), bad: token("bad") },
  defaultRadius: "md",
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  respectReducedMotion: true,
  cursorType: "pointer",
  variantColorResolver: ({ color, variant }) => {
    const name = color === "bad" ? "bad" : "accent";
    const plain = { background: "transparent", border: "1px solid transparent" };
    switch (variant) {
      case "filled":
        return {
          background: `var(--mantine-color-${name}-filled)`,
          hover: `var(--mantine-color-${name}-filled-hover)`,
          color: "var(--on-accent)",
          border: "1px solid transparent",
        };
      case "light":
        return {
          ...plain,
          background: `var(--${name}-soft)`,
          hover: `var(--${name}-soft)`,
          color: `var(--${name})`,
        };
      case "outline":
        return {
          ...plain,
          border: `1px solid var(--${name})`,
          hover: `var(--${name}-soft)`,
          color: `var(--${name})`,
        };
      case "subtle":
        return {
          ...plain,
          hover: "var(--hover)",
          color: color === "bad" ? "var(--bad)" : "var(--ink)",
        };
      default:
        return {
          background: "var(--surface)",
          hover: "var(--hover)",
          color: color === "bad" ? "var(--bad)" : "var(--ink)",
          border: "1px solid var(--control)",
        };
    }
  },
  // By name, so that a component that a page does not use is not loaded with it.
  components: {
    Button: { defaultProps: { variant: "default", size: "sm" } },
    ActionIcon: { defaultProps: { variant: "subtle", size: "lg" } },
    // The page behind stays as it is: locking it would need a style made at run time.
    Drawer: { defaultProps: { lockScroll: false, position: "right" } },
    Modal: { defaultProps: { lockScroll: false } },
    Checkbox: { defaultProps: { radius: 4 } },
    Menu: { defaultProps: { position: "bottom-start" } },
    Tooltip: { defaultProps: { openDelay: 300 } },
    Select: { defaultProps: { allowDeselect: false, checkIconPosition: "right" } },
    NumberInput: { defaultProps: { hideControls: true, allowNegative: false } },
  },
});
