/**
 * The look: one deep-sea palette, one accent.
 *
 * Neutrals are petrol, from surface foam to the abyss; the accent (`lagoon`) says "alive" and "act here"; amber (`buoy`)
 * and red (`coral`) are kept for what needs attention. Components take colours from the `--o-*` variables made here,
 * never from literals, so that light and dark stay in step. Every text on its ground has a contrast of 4.5 or more.
 */

import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

// biome-ignore format: ten shades read better in two lines
const lagoon: MantineColorsTuple = [
  "#e2f6f3", "#c3ece6", "#93ddd4", "#5ccfc4", "#38c3b6",
  "#16a598", "#0b877d", "#076f67", "#065850", "#054740",
];
// biome-ignore format: ten shades read better in two lines
const coral: MantineColorsTuple = [
  "#fdeceb", "#fad5d1", "#f8b5ae", "#fb9b90", "#ff8a7d",
  "#e9604f", "#cc4637", "#b0362a", "#8d2a20", "#6f2119",
];
// biome-ignore format: ten shades read better in two lines
const buoy: MantineColorsTuple = [
  "#fdf3df", "#fae6bd", "#f6d48c", "#f2c362", "#efb549",
  "#cf9222", "#a87008", "#865800", "#6a4500", "#503400",
];
// biome-ignore format: ten shades read better in two lines
const gray: MantineColorsTuple = [
  "#f8fafb", "#f0f4f6", "#e4ebee", "#d2dde2", "#b3c3ca",
  "#879da7", "#546b76", "#3a505b", "#233741", "#0f222c",
];
// biome-ignore format: ten shades read better in two lines
const dark: MantineColorsTuple = [
  "#dde8ec", "#b7c8d0", "#92a8b3", "#698490", "#2b4653",
  "#1c3644", "#122a37", "#0a1c26", "#071620", "#040f16",
];

// Mantine's own choice of a text colour looks at the light shade only.
const resolveVariant: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  return input.variant === "filled" ? { ...colors, color: "var(--o-on-accent)" } : colors;
};

export const theme = createTheme({
  variantColorResolver: resolveVariant,
  colors: { lagoon, coral, buoy, gray, dark },
  primaryColor: "lagoon",
  primaryShade: { light: 7, dark: 4 },
  white: "#ffffff",
  black: "#0a1c26",
  fontFamily: '"IBM Plex Sans", system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: '"IBM Plex Mono", ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "11.5px", sm: "12.5px", md: "13px", lg: "15px", xl: "18px" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.45", lg: "1.45", xl: "1.4" },
  spacing: { xs: "6px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "10px", xl: "16px" },
  defaultRadius: "sm",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "18px", lineHeight: "1.3" },
      h2: { fontSize: "14px", lineHeight: "1.35" },
      h3: { fontSize: "13px", lineHeight: "1.4" },
    },
  },
  cursorType: "pointer",
  focusRing: "auto",
  components: {
    Button: {
      defaultProps: { size: "xs", variant: "default" },
      vars: (_: unknown, props: { size?: string }) =>
        props.size === "xs"
          ? { root: { "--button-height": "28px", "--button-padding-x": "11px", "--button-fz": "12.5px" } }
          : { root: {} },
    },
    ActionIcon: {
      defaultProps: { variant: "subtle", color: "gray" },
      vars: () => ({
        root: { "--ai-size": "26px", "--ai-color": "var(--o-ink-2)", "--ai-hover": "var(--o-hover)" },
      }),
    },
    Input: {
      defaultProps: { size: "xs" },
      vars: (_: unknown, props: { size?: string }) =>
        props.size === "xs"
          ? { wrapper: { "--input-height": "28px", "--input-fz": "12.5px", "--input-padding": "9px" } }
          : { wrapper: {} },
    },
    InputWrapper: {
      defaultProps: { size: "xs" },
      vars: () => ({
        label: { "--input-label-size": "12px" },
        description: { "--input-description-size": "11.5px" },
        error: { "--input-error-size": "11.5px" },
      }),
    },
    PasswordInput: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs", iconColor: "var(--o-on-accent)" } },
    Radio: { defaultProps: { size: "xs", iconColor: "var(--o-on-accent)" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Tabs: { defaultProps: { keepMounted: false } },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true, arrowSize: 5, fz: 12 } },
    Menu: {
      defaultProps: { shadow: "md", position: "bottom-end", offset: 4, withInitialFocusPlaceholder: false },
    },
    Modal: {
      defaultProps: {
        centered: false,
        yOffset: "10vh",
        padding: "lg",
        closeButtonProps: { "aria-label": "Close" },
        overlayProps: { backgroundOpacity: 0.5, color: "#04121a" },
      },
    },
  },
});

export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {
    "--o-row": "27px",
    "--o-mono": "var(--mantine-font-family-monospace)",
    // The rail is deep water in both schemes.
    "--o-rail": "linear-gradient(180deg, #0d2f3d 0%, #0a2430 42%, #071922 100%)",
    "--o-rail-ink": "#c9dbe2",
    "--o-rail-ink-2": "#8eabb8",
    "--o-rail-line": "rgba(160, 205, 220, 0.14)",
    "--o-rail-hover": "rgba(150, 215, 225, 0.09)",
    "--o-rail-active": "rgba(92, 207, 196, 0.15)",
    "--o-rail-accent": lagoon[3],
  },
  light: {
    "--o-canvas": "#f2f6f7",
    "--o-surface": "#ffffff",
    "--o-sunken": "#f8fafb",
    "--o-raised": "#ffffff",
    "--o-hover": "#edf3f5",
    "--o-selected": "#e0f1ef",
    "--o-line": "#dde6ea",
    "--o-line-strong": "#c3d1d7",
    "--o-ink": "#0f222c",
    "--o-ink-2": "#3a505b",
    "--o-ink-3": "#546b76",
    "--o-accent": lagoon[7],
    "--o-accent-soft": "#e0f3f0",
    "--o-on-accent": "#ffffff",
    "--o-warn": "#865800",
    "--o-warn-soft": "#fdf3dd",
    "--o-warn-line": "#ecd29a",
    "--o-bad": "#b0362a",
    "--o-bad-soft": "#fdeeec",
    "--o-bad-line": "#f0bfb8",
    "--o-code-keyword": "#0a5f87",
    "--o-code-type": "#7a3d94",
    "--o-code-function": "#0a6a62",
    "--o-code-string": "#8a4b08",
    "--o-code-number": "#a02c50",
    "--o-code-comment": "#546b76",
    "--o-chart-1": "#07857b",
    "--o-chart-2": "#2c6fb0",
    "--o-chart-3": "#b07b10",
    "--o-shadow": "0 1px 2px rgba(9, 40, 54, 0.06), 0 6px 20px rgba(9, 40, 54, 0.07)",
    "--mantine-color-body": "#f2f6f7",
    "--mantine-color-text": "#0f222c",
    "--mantine-color-dimmed": "#546b76",
    "--mantine-color-placeholder": "#647b86",
    "--mantine-color-anchor": lagoon[7],
    "--mantine-color-error": "#b0362a",
    "--mantine-color-default": "#ffffff",
    "--mantine-color-default-hover": "#edf3f5",
    "--mantine-color-default-color": "#0f222c",
    "--mantine-color-default-border": "#c3d1d7",
  },
  dark: {
    "--o-canvas": "#081720",
    "--o-surface": "#0c202b",
    "--o-sunken": "#091b25",
    "--o-raised": "#112937",
    "--o-hover": "#143040",
    "--o-selected": "#0f3a40",
    "--o-line": "#183543",
    "--o-line-strong": "#2b4a58",
    "--o-ink": "#dde8ec",
    "--o-ink-2": "#b7c8d0",
    "--o-ink-3": "#92a8b3",
    "--o-accent": lagoon[4],
    "--o-accent-soft": "#0e3237",
    "--o-on-accent": "#04202a",
    "--o-warn": "#efb549",
    "--o-warn-soft": "#2c2613",
    "--o-warn-line": "#5b4a1b",
    "--o-bad": "#ff8a7d",
    "--o-bad-soft": "#331b1d",
    "--o-bad-line": "#6b2f2c",
    "--o-code-keyword": "#7cc7f2",
    "--o-code-type": "#cda5ea",
    "--o-code-function": "#6fd8c8",
    "--o-code-string": "#eabf83",
    "--o-code-number": "#f2a0b5",
    "--o-code-comment": "#8098a4",
    "--o-chart-1": "#38c3b6",
    "--o-chart-2": "#6db3ee",
    "--o-chart-3": "#efb549",
    "--o-shadow": "0 1px 2px rgba(0, 0, 0, 0.3), 0 8px 28px rgba(0, 0, 0, 0.34)",
    "--mantine-color-body": "#081720",
    "--mantine-color-text": "#dde8ec",
    "--mantine-color-dimmed": "#92a8b3",
    "--mantine-color-placeholder": "#8098a4",
    "--mantine-color-anchor": lagoon[4],
    "--mantine-color-error": "#ff8a7d",
    "--mantine-color-default": "#122a37",
    "--mantine-color-default-hover": "#183545",
    "--mantine-color-default-color": "#dde8ec",
    "--mantine-color-default-border": "#2b4653",
  },
});
