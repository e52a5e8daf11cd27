/** The part of Airflow's REST API that the page uses: https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html */

import type { Place } from "./place.ts";
import { sendJson } from "./request.ts";

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
  readonly is_paused: boolean;
  readonly reprocess_behavior: string;
  readonly created_at: string;
  readonly completed_at: string | null;
}

export interface DagRun {
  readonly dag_run_id: string;
  readonly logical_date: string | null;
  readonly data_interval_start: string | null;
  readonly run_after: string;
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
