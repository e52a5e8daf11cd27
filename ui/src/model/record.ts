/** The record of one hour, as the run's summary step wrote it: a column for each fact, a place for each sensor. */

import { type Hour, hourOf } from "./hour.ts";

export type Outcome = "S" | "F" | "Q" | "U";

export interface HourRecord {
  readonly hour: Hour;
  readonly run: string;
  readonly dagRunId: string;
  readonly colour: string;
  readonly nodeHours: number | null;
  readonly cost: number | null;
  readonly sensors: readonly string[];
  /** A letter for each sensor: scored, failed, quiet (silent), unmodelled. */
  readonly outcome: string;
  readonly readings: readonly number[];
  readonly anomalies: readonly number[];
  readonly rejected: readonly number[];
  readonly milliseconds: readonly number[];
  readonly reasons: readonly string[];
  /** From a sensor's place to that of its sentence in `reasons`. */
  readonly reason: Readonly<Record<string, number>>;
  /** Ids of DAG runs that speak for sensors of which the newest one knows nothing. */
  readonly earlierRuns: readonly string[];
  /** From the place of such a sensor to that of its run. */
  readonly earlier: Readonly<Record<string, number>>;
}

interface Wire {
  format: number;
  hour: string;
  run: string;
  dag_run_id: string;
  colour: string;
  node_hours: number | null;
  cost: number | null;
  sensors: string[];
  outcome: string;
  readings: number[];
  anomalies: number[];
  rejected: number[];
  milliseconds: number[];
  reasons: string[];
  reason: Record<string, number>;
  earlier_runs: { dag_run_id: string }[];
  earlier: Record<string, number>;
}

export class UnreadableRecord extends Error {}

/**
 * Read a record.
 *
 * A column of another length would put one sensor's numbers beside another's name, so it makes the whole record unreadable.
 */
export function recordOf(json: unknown): HourRecord {
  const wire = json as Wire;
  if (wire?.format !== 1)
    throw new UnreadableRecord("its format is not the one that this page reads; reload the page");
  const hour = hourOf(wire.hour);
  if (hour === null) throw new UnreadableRecord(`${wire.hour} is not an hour`);
  const count = wire.sensors.length;
  for (const name of ["outcome", "readings", "anomalies", "rejected", "milliseconds"] as const) {
    if (wire[name].length !== count)
      throw new UnreadableRecord(`it has ${count} sensors and ${wire[name].length} entries in ${name}`);
  }
  return {
    hour,
    run: wire.run,
    dagRunId: wire.dag_run_id,
    colour: wire.colour,
    nodeHours: wire.node_hours,
    cost: wire.cost,
    sensors: wire.sensors,
    outcome: wire.outcome,
    readings: wire.readings,
    anomalies: wire.anomalies,
    rejected: wire.rejected,
    milliseconds: wire.milliseconds,
    reasons: wire.reasons,
    reason: wire.reason,
    earlierRuns: wire.earlier_runs.map((run) => run.dag_run_id),
    earlier: wire.earlier,
  };
}

/** The DAG run that says how a sensor fared. */
export function runOf(record: HourRecord, place: number): string {
  return record.earlierRuns[record.earlier[place] ?? -1] ?? record.dagRunId;
}
