/** The view Run: what its Batch tasks did when and where, and how it went. */

import type { RunView, View } from "../address.ts";
import { lookAtRun, type RunAnswer } from "../api/run.ts";
import type { Theme } from "../frame/theme.ts";
import { count, moment } from "../model/format.ts";
import { hourOf, spanOf } from "../model/hour.ts";
import { AirflowLink } from "../widgets/AirflowLink.tsx";
import { Formula } from "../widgets/Formula.tsx";
import { Notice } from "../widgets/Notice.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { Unknown } from "../widgets/Unknown.tsx";
import { useAnswer } from "../widgets/use_answer.ts";
import { useEvery } from "../widgets/use_every.ts";
import { FailedSensors } from "./FailedSensors.tsx";
import { JobTable } from "./JobTable.tsx";
import { LoadChart } from "./LoadChart.tsx";
import { Slowest } from "./Slowest.tsx";
import { TaskTimeline } from "./TaskTimeline.tsx";

interface RunPageProps {
  readonly view: RunView;
  readonly theme: Theme;
  readonly onView: (view: View, isNewEntry?: boolean) => void;
}

const LIVE_MS = 5000;
/** Of a run that is over: somebody may clear something in it. */
const CALM_MS = 30_000;

export function RunPage({ view, theme, onView }: RunPageProps) {
  const place = usePlace();
  const [look, again] = useAnswer(view.run, (signal) => lookAtRun(place, view.run, signal));
  const run = look.value;
  useEvery(run?.is_live === false ? CALM_MS : LIVE_MS, again);
  const openSensor = (sensor: string) => {
    const hour = hourOf(run?.hour ?? "");
    const range = hour === null ? null : { from: hour - 23, to: hour };
    onView({ view: "sensor", sensor, range }, true);
  };
  return (
    <div class="run scrolled">
      {look.error !== null && <Problem error={look.error} what="The run cannot be shown" onRetry={again} />}
      {run === null && look.error === null && <p class="loading">Looking at the run …</p>}
      {run && (
        <>
          <RunHead run={run} dagRun={view.run} />
          <Unknown parts={run.unknown} />
          {run.notes.map((note) => (
            <Notice key={note}>{note}</Notice>
          ))}
          {run.tasks.length > 0 ? (
            <>
              <TaskTimeline run={run} dagRun={view.run} theme={theme} />
              <LoadChart run={run} theme={theme} />
            </>
          ) : (
            <Notice>
              No Batch task is known yet. They come here as soon as the task <code>submit</code> has sent
              them.
            </Notice>
          )}
          <div class="cards">
            <FailedSensors run={run} onSensor={openSensor} />
            <Slowest run={run} onSensor={openSensor} />
            <PoolOfRun run={run} onPool={() => onView({ view: "pool" }, true)} />
            <JobTable jobs={run.jobs} />
          </div>
        </>
      )}
    </div>
  );
}

function RunHead({ run, dagRun }: { run: RunAnswer; dagRun: string }) {
  const place = usePlace();
  const hour = hourOf(run.hour ?? "");
  const hours = [
    run.node_hours === null ? "" : `${run.node_hours.toFixed(2)} node-hours`,
    run.spot_node_hours ? `${run.spot_node_hours.toFixed(2)} Spot node-hours` : "",
    run.cost === null ? "" : `cost ${run.cost.toFixed(2)}`,
  ].filter(Boolean);
  return (
    <header class="run-head">
      <h1>{hour === null ? dagRun : `${spanOf(hour)} UTC`}</h1>
      {run.colour && <span class={`badge ${run.colour}`}>{run.colour}</span>}
      {run.is_live && <span class="badge live">live</span>}
      <span>
        {Object.entries(run.counts ?? {})
          .filter(([, number]) => number)
          .map(([outcome, number]) => `${count(number)} ${outcome}`)
          .join(", ")}
      </span>
      <span>
        {hours.join(", ")}
        {hours.length > 0 && run.colour === null && " so far"}
      </span>
      <span class="soft">as of {moment(Date.parse(run.as_of))}</span>
      <AirflowLink href={place.runPage(dagRun)}>DAG run in Airflow</AirflowLink>
    </header>
  );
}

function PoolOfRun({ run, onPool }: { run: RunAnswer; onPool: () => void }) {
  const { pool } = run;
  if (!pool) return null;
  return (
    <section class="panel">
      <h2>
        Pool <code>{pool.id}</code> <span class="soft">{pool.at === "now" ? "now" : `at ${pool.at}`}</span>
      </h2>
      {pool.troubles.map((trouble) => (
        <Notice key={trouble} tone="warning">
          {trouble}
        </Notice>
      ))}
      <Formula
        formula={pool.formula}
        evaluatedAt={pool.evaluated_at}
        result={pool.result}
        error={pool.error}
        without="The formula that was in force then is not kept; the pool's present one is in the view Pool."
      />
      <button type="button" class="link" onClick={onPool}>
        The pool now
      </button>
    </section>
  );
}
