/** The colours of charts, as the style sheet has them for the theme. */

export interface ChartPalette {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly accent: string;
  readonly failed: string;
  readonly waiting: string;
  readonly hatch: string;
  readonly back: string;
  readonly band: string;
  readonly font: string;
  readonly label: Readonly<Record<string, string>>;
}

export function chartPaletteOf(element: Element): ChartPalette {
  const style = getComputedStyle(element);
  const named = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: named("ink"),
    soft: named("soft"),
    line: named("line"),
    accent: named("accent"),
    failed: named("failed"),
    waiting: named("warning"),
    hatch: named("hatch"),
    back: named("back"),
    band: named("chart-band"),
    font: `11px ${style.fontFamily}`,
    label: {
      real: named("label-real"),
      "false alarm": named("label-false-alarm"),
      maintenance: named("label-maintenance"),
    },
  };
}
