/** Records and histories for tests, with what a test says and the usual for the rest. */

import { type Clock, History } from "../src/model/history.ts";
import { hourOf, textOf } from "../src/model/hour.ts";
import { type HourRecord, recordOf } from "../src/model/record.ts";

export const H0 = hourOf("2018-08-29T00") ?? 0;

/** The wire form of a record: one sensor for each letter, named a_0, a_1, and so on. */
export function wire(hour: number, outcome: string, more: object = {}): Record<string, unknown> {
  const places = [...outcome];
  return {
    format: 1,
    hour: textOf(hour),
    run: "scoring",
    dag_run_id: `run-${textOf(hour)}`,
    written_at: "2018-08-29T02:04:00Z",
    colour: "green",
    node_hours: 0.5,
    cost: null,
    sensors: places.map((_, at) => `a_${at}`),
    outcome,
    readings: places.map((letter) => (letter === "S" ? 100 : 0)),
    anomalies: places.map(() => 0),
    rejected: places.map(() => 0),
    milliseconds: places.map(() => 5),
    reasons: [],
    reason: {},
    earlier_runs: [],
    earlier: {},
    ...more,
  };
}

export function record(hour: number, outcome: string, more: object = {}): HourRecord {
  return recordOf(wire(hour, outcome, more));
}

/** A history of consecutive hours from H0 on; null is an hour without a record. */
export function historyOf(
  outcomes: readonly (string | null | HourRecord)[],
  clock?: Partial<Clock>,
): History {
  const history = new History();
  const last = H0 + outcomes.length - 1;
  const records = outcomes.map((one, at) => (typeof one === "string" ? record(H0 + at, one) : one));
  const there = records.filter((one) => one !== null);
  const listed = there.map((one) => ({ hour: textOf(one.hour), etag: "e" }));
  history.show(H0, last, listed, { oldest: H0, settled: last, now: (last + 1.5) * 3_600_000, ...clock });
  for (const one of there) history.add(one, "e");
  return history;
}
