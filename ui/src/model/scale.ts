/** Anomaly rates in steps: eight colours can be told apart, and read off a legend; a hundred cannot. */

/** Upper ends of the steps, themselves included; the last step has none. */
export const STEP_ENDS = [0, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5] as const;
export const STEPS = STEP_ENDS.length + 1;

export function stepOf(rate: number): number {
  const step = STEP_ENDS.findIndex((end) => rate <= end);
  return step < 0 ? STEPS - 1 : step;
}

/** `0`, `≤ 2 %`, … , `> 50 %` */
export function stepName(step: number): string {
  const end = STEP_ENDS[step];
  if (end === 0) return "0";
  return end === undefined ? `> ${percent(STEP_ENDS[STEPS - 2] ?? 0)}` : `≤ ${percent(end)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
