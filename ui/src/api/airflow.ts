/** The part of Airflow's REST API that the page uses: https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html */

import type { Place } from "./place.ts";
import { getJson, sendJson } from "./request.ts";

export interface TaskInstance {
  readonly task_id: string;
  readonly map_index: number;
  readonly rendered_map_index: string | null;
  readonly state: string | null;
}

export interface Backfill {
  readonly id: number;
  readonly from_date: string;
  readonly to_date: string;
  readonly created_at: string;
  readonly completed_at: string | null;
}

export interface DagRun {
  readonly dag_run_id: string;
  readonly logical_date: string | null;
  readonly data_interval_start: string | null;
  readonly run_after: string;
  readonly queued_at: string | null;
  readonly run_type: string;
  readonly state: string;
  readonly conf: Record<string, unknown> | null;
}

const SCORE = "score";

/**
 * Clear instances of `score`, which scores their sensors again; summary and verdict follow by themselves.
 *
 * @param isDryRun - only say what would be cleared
 */
export async function clearScores(
  place: Place,
  run: string,
  mapIndexes: readonly number[],
  isDryRun: boolean,
): Promise<readonly TaskInstance[]> {
  const body = {
    dry_run: isDryRun,
    dag_run_id: run,
    task_ids: mapIndexes.map((index) => [SCORE, index]),
    only_failed: false,
    only_running: false,
  };
  const address = place.airflow("dags", place.dag, "clearTaskInstances");
  const answer = await sendJson<{ task_instances: TaskInstance[] }>("POST", address, body);
  return answer.task_instances;
}

/** As many as Airflow lists at once, unless `[api] maximum_page_limit` says less. */
const PAGE = 100;

/** List the runs whose logical dates lie between two moments, both included. */
export async function runsBetween(place: Place, from: number, to: number): Promise<readonly DagRun[]> {
  const query = new URLSearchParams({
    logical_date_gte: new Date(from).toISOString(),
    logical_date_lte: new Date(to).toISOString(),
    order_by: "logical_date",
    limit: String(PAGE),
  });
  const runs: DagRun[] = [];
  for (;;) {
    query.set("offset", String(runs.length));
    const address = `${place.airflow("dags", place.dag, "dagRuns")}?${query}`;
    const page = await getJson<{ dag_runs: DagRun[]; total_entries: number }>(address);
    runs.push(...page.dag_runs);
    if (!page.dag_runs.length || runs.length >= page.total_entries) return runs;
  }
}

export async function isPaused(place: Place): Promise<boolean> {
  return (await getJson<{ is_paused: boolean }>(place.airflow("dags", place.dag))).is_paused;
}
