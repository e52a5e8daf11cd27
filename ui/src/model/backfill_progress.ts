/** How far a backfill is, told by the runs in its range. Pure. */

import type { Backfill, DagRun } from "../api/airflow.ts";

export interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly queued: number;
  readonly isOver: boolean;
}

/**
 * Count the runs of a backfill.
 *
 * @param runs - those whose logical dates lie in its range; what was queued before it, it has left alone
 */
export function progressOf(backfill: Backfill, runs: readonly DagRun[]): Progress {
  const own = runs.filter((run) => run.run_type === "backfill" && isSince(run, backfill));
  const count = (state: string) => own.filter((run) => run.state === state).length;
  return {
    done: count("success"),
    failed: count("failed"),
    running: count("running"),
    queued: count("queued"),
    isOver: backfill.completed_at !== null,
  };
}

function isSince({ queued_at }: DagRun, { created_at }: Backfill): boolean {
  return queued_at !== null && Date.parse(queued_at) >= Date.parse(created_at);
}
