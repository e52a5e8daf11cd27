/** Shows what Airflow would clear, and clears it when a person says so. */

import { useEffect, useState } from "preact/hooks";
import { clearScores, type TaskInstance } from "../api/airflow.ts";
import { counted } from "../model/format.ts";
import type { RescorePlan } from "../model/rescore.ts";
import { AirflowLink } from "../widgets/AirflowLink.tsx";
import { Dialog } from "../widgets/Dialog.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";

interface RescoreDialogProps {
  readonly plan: RescorePlan;
  readonly onClose: () => void;
}

type Run = RescorePlan["runs"][number];
type Cleared = ReadonlyMap<Run, readonly TaskInstance[]>;

export function RescoreDialog({ plan, onClose }: RescoreDialogProps) {
  const place = usePlace();
  const [told, setTold] = useState<Cleared | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(true);
  const [isDone, setIsDone] = useState(false);
  const clear = async (isDryRun: boolean) => {
    setIsBusy(true);
    setError(null);
    try {
      const found = new Map<Run, readonly TaskInstance[]>();
      for (const run of plan.runs) {
        found.set(run, await clearScores(place, run.dag_run_id, run.map_indexes, isDryRun));
        setTold(new Map(found));
      }
      setIsDone(!isDryRun);
    } catch (refusal) {
      setError(refusal);
    }
    setIsBusy(false);
  };
  useEffect(() => {
    void clear(true);
  }, []);
  const instances = [...(told?.values() ?? [])].flat().length;
  return (
    <Dialog title={isDone ? "Being scored again" : "Score these again?"} onClose={onClose}>
      <p>{told === null ? "Asking Airflow what it would clear …" : sentence(plan, instances, isDone)}</p>
      <div class="scrolled">
        <table>
          <thead>
            <tr>
              <th>Hour</th>
              <th>Task instances</th>
              <th class="number">Batch tasks</th>
            </tr>
          </thead>
          <tbody>
            {plan.runs.map((run) => (
              <tr key={run.dag_run_id}>
                <td>
                  <AirflowLink href={place.runPage(run.dag_run_id)}>{run.hour}</AirflowLink>
                </td>
                <td>{namesOf(told?.get(run) ?? [])}</td>
                <td class="number">{run.batch_tasks}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {plan.withoutRun.length > 0 && (
        <p class="soft">Without a run, and left out: {plan.withoutRun.join(", ")}.</p>
      )}
      {plan.unplanned > 0 && (
        <p class="soft">
          {counted(plan.unplanned, "cell")} {plan.unplanned === 1 ? "is" : "are"} left out: when its run
          planned, the sensor had no readings, or no model. If that has changed, clear the run's task{" "}
          <code>plan</code> in Airflow.
        </p>
      )}
      {plan.isCrowded && !isDone && (
        <p class="warn">
          So many runs at once may hold up the run of the live hour: a DAG has four active runs at most.
        </p>
      )}
      {error !== null && <Problem error={error} what="Airflow did not clear everything" />}
      <footer>
        <button type="button" onClick={onClose}>
          {isDone ? "Close" : "Cancel"}
        </button>
        {!isDone && (
          <button
            type="button"
            class="primary"
            disabled={isBusy || error !== null}
            onClick={() => void clear(false)}
          >
            {isBusy ? "Asking Airflow …" : "Re-score"}
          </button>
        )}
      </footer>
    </Dialog>
  );
}

function sentence({ runs, batchTasks }: RescorePlan, instances: number, isDone: boolean): string {
  const cleared = counted(instances, "task instance");
  if (isDone)
    return `Airflow has cleared ${cleared}; the runs go on by themselves, and end with a new verdict.`;
  const made = `That makes ${counted(batchTasks, "Batch task")}; summary, alert and verdict of each run are renewed.`;
  return `Airflow would clear ${cleared} in ${counted(runs.length, "run")}. ${made}`;
}

function namesOf(instances: readonly TaskInstance[]): string {
  const names = instances
    .slice(0, 5)
    .map((one) => one.rendered_map_index ?? `${one.task_id} ${one.map_index}`);
  const more = instances.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
