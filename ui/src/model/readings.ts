/** A sensor's readings in an hour range, as charts and people need them. Pure. */

import type { ReadingsAnswer } from "../api/sensor.ts";
import { type Hour, hourAt, hourOf, startOf } from "./hour.ts";

export interface Span {
  /** Milliseconds since 1970; both ends included. */
  readonly from: number;
  readonly to: number;
}

export interface ChartColumns {
  readonly ts: readonly number[];
  readonly values: readonly (readonly (number | null)[])[];
  readonly score: readonly (number | null)[];
  readonly anomaly: readonly (0 | 1)[];
}

/** Return the columns with a hole wherever hours are not there, so that no line bridges what is not known. */
export function withHoles(answer: ReadingsAnswer): ChartColumns {
  const holes = answer.hours
    .filter(({ state }) => state !== "there")
    .map(({ hour }) => startOf(hourOf(hour) ?? 0));
  if (!holes.length) return answer;
  const order = [...answer.ts.map((ts, at) => [ts, at] as const), ...holes.map((ts) => [ts, -1] as const)];
  order.sort(([some], [other]) => some - other);
  const pick = <Value>(column: readonly Value[], hole: Value): Value[] =>
    order.map(([, at]) => (at < 0 ? hole : (column[at] ?? hole)));
  return {
    ts: order.map(([ts]) => ts),
    values: answer.values.map((column) => pick(column, null)),
    score: pick(answer.score, null),
    anomaly: pick(answer.anomaly, 0),
  };
}

export interface HourRate {
  readonly hour: Hour;
  readonly readings: number;
  readonly anomalies: number;
}

/** Count readings and anomalies of each hour that has readings. */
export function hourRates({ ts, anomaly }: Pick<ReadingsAnswer, "ts" | "anomaly">): HourRate[] {
  const rates = new Map<Hour, { hour: Hour; readings: number; anomalies: number }>();
  ts.forEach((moment, at) => {
    const hour = hourAt(moment);
    const rate = rates.get(hour) ?? { hour, readings: 0, anomalies: 0 };
    rate.readings += 1;
    rate.anomalies += anomaly[at] ?? 0;
    rates.set(hour, rate);
  });
  return [...rates.values()];
}

/** Count what lies in a span. */
export function inSpan(
  { ts, anomaly }: Pick<ReadingsAnswer, "ts" | "anomaly">,
  { from, to }: Span,
): {
  readings: number;
  anomalies: number;
} {
  let [readings, anomalies] = [0, 0];
  ts.forEach((moment, at) => {
    if (moment < from || moment > to) return;
    readings += 1;
    anomalies += anomaly[at] ?? 0;
  });
  return { readings, anomalies };
}

/** The reading nearest to a moment; null if there is none. */
export function nearest(ts: readonly number[], moment: number): number | null {
  let [low, high] = [0, ts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ts[middle] ?? 0) < moment) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [ts[low - 1], ts[low]];
  if (before === undefined || after === undefined) return after ?? before ?? null;
  return moment - before <= after - moment ? before : after;
}
