/** Asks Airflow to repair hours, first without doing it. */

import type { Backfill } from "./airflow.ts";
import type { Repair } from "./gaps.ts";
import type { Place } from "./place.ts";
import { getJson, sendJson } from "./request.ts";

/** What Airflow would do: one line for each run, or each task instance that it would clear. */
export async function dryRun(place: Place, repair: Repair): Promise<readonly string[]> {
  if (repair.action === "backfill") {
    const answer = await sendJson<{ backfills: { logical_date: string | null }[] }>(
      "POST",
      place.airflow("backfills", "dry_run"),
      repair.body,
    );
    return answer.backfills.map(({ logical_date }) => `Run of ${(logical_date ?? "").slice(0, 13)}`);
  }
  if (repair.action === "clear") {
    const answer = await clear(place, repair.body, true);
    return answer.task_instances.map((one) => `${one.task_id} in ${one.dag_run_id}`);
  }
  return repair.hours.map((hour) => `A new run, for hour ${hour}`);
}

/** Do it; a backfill is returned, to be followed. */
export async function carryOut(place: Place, repair: Repair): Promise<Backfill | null> {
  if (repair.action === "backfill") return sendJson("POST", place.airflow("backfills"), repair.body);
  if (repair.action === "clear") {
    await clear(place, repair.body, false);
  } else {
    await sendJson("POST", place.airflow("dags", place.dag, "dagRuns"), repair.body);
  }
  return null;
}

/** The backfill that is under way; Airflow runs one of a DAG at a time. */
export async function activeBackfill(place: Place, signal?: AbortSignal): Promise<Backfill | null> {
  const query = new URLSearchParams({ dag_id: place.dag, order_by: "-id", limit: "5" });
  const answer = await getJson<{ backfills: Backfill[] }>(`${place.airflow("backfills")}?${query}`, signal);
  return answer.backfills.find((one) => one.completed_at === null) ?? null;
}

export function backfillOf(place: Place, id: number): Promise<Backfill> {
  return getJson(place.airflow("backfills", String(id)));
}

interface Cleared {
  readonly task_instances: readonly { readonly task_id: string; readonly dag_run_id: string }[];
}

function clear(place: Place, body: object, isDryRun: boolean): Promise<Cleared> {
  return sendJson("POST", place.airflow("dags", place.dag, "clearTaskInstances"), {
    ...body,
    dry_run: isDryRun,
    only_failed: false,
    only_running: false,
  });
}
