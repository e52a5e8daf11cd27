/** The routes about incomplete hours, and the form of their answers. */

import type { Range } from "../model/range.ts";
import type { DagRun } from "./airflow.ts";
import { rangeQuery } from "./fleet.ts";
import type { Place } from "./place.ts";
import { getJson, sendJson } from "./request.ts";

export interface Gap {
  readonly hour: string;
  readonly missing: number;
  /** The first ten. */
  readonly sensors: readonly string[];
  readonly why: string;
  readonly since: string | null;
  readonly under_way: boolean;
}

export interface BackfillBody {
  readonly dag_id: string;
  readonly from_date: string;
  readonly to_date: string;
  readonly reprocess_behavior: "none" | "failed" | "completed";
  readonly max_active_runs: number;
}

interface AnyRepair {
  readonly hours: readonly string[];
  /** Complete hours between these that are scored too. */
  readonly also: number;
  /** What a terminal is told for the same. */
  readonly command: string;
}

/** What Airflow is asked for: `body` goes to its REST API as it is. */
export type Repair = AnyRepair &
  (
    | { readonly action: "backfill"; readonly body: BackfillBody }
    | { readonly action: "clear"; readonly body: { readonly start_date: string; readonly end_date: string } }
    | { readonly action: "trigger"; readonly body: { readonly conf: { readonly hour: string } } }
  );

export async function gapsOf(place: Place, range: Range, signal: AbortSignal): Promise<readonly Gap[]> {
  return (await getJson<{ gaps: Gap[] }>(place.api("gaps") + rangeQuery(range), signal)).gaps;
}

/**
 * Ask for what completes hours, given what Airflow has there.
 *
 * @param runs - those at the hours' logical dates, as Airflow's REST API lists them
 */
export async function repairsOf(
  place: Place,
  hours: readonly string[],
  runs: readonly DagRun[],
): Promise<readonly Repair[]> {
  const told = runs.map(({ logical_date, data_interval_start, run_after, state, conf }) => ({
    logical_date,
    data_interval_start,
    run_after,
    state,
    conf: conf ?? {},
  }));
  return (await sendJson<{ repairs: Repair[] }>("POST", place.api("gaps", "repairs"), { hours, runs: told }))
    .repairs;
}
