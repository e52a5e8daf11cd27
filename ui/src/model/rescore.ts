/** What scoring cells again takes. Pure. */

import type { RescoreAnswer } from "../api/fleet.ts";

/** Runs that the DAG may have active, less one for the live hour. */
const MOST_RUNS = 3;

export interface RescorePlan {
  readonly runs: RescoreAnswer["runs"];
  readonly batchTasks: number;
  /** Hours that no run can score again: a backfill can. */
  readonly withoutRun: readonly string[];
  readonly isCrowded: boolean;
}

export function rescorePlan({ runs, without_run: withoutRun }: RescoreAnswer): RescorePlan {
  const useful = runs.filter((run) => run.map_indexes.length);
  return {
    runs: useful,
    batchTasks: useful.reduce((sum, run) => sum + run.batch_tasks, 0),
    withoutRun,
    isCrowded: useful.length > MOST_RUNS,
  };
}
