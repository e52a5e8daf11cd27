/** The colours of the map, as the style sheet has them for the theme. */

import { STEPS } from "../model/scale.ts";

export interface Palette {
  readonly steps: readonly string[];
  readonly back: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly hover: string;
  readonly accent: string;
  readonly heading: string;
  readonly failed: string;
  readonly failedBack: string;
  readonly quiet: string;
  readonly hatch: string;
  readonly loading: string;
  readonly broken: string;
  readonly good: string;
  readonly warning: string;
  readonly font: string;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const named = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    steps: Array.from({ length: STEPS }, (_, step) => named(`step-${step}`)),
    back: named("back"),
    ink: named("ink"),
    soft: named("soft"),
    line: named("line"),
    hover: named("hover"),
    accent: named("accent"),
    heading: named("muted"),
    failed: named("failed"),
    failedBack: named("failed-back"),
    quiet: named("quiet"),
    hatch: named("hatch"),
    loading: named("loading"),
    broken: named("broken"),
    good: named("good"),
    warning: named("warning"),
    font: style.fontFamily,
  };
}
