/** What failed in a run, with the end of what its Batch task printed. */

import type { FailedSensor, RunAnswer } from "../api/run.ts";
import { count, counted } from "../model/format.ts";
import { displayOf } from "../model/names.ts";
import { Printed } from "../widgets/Printed.tsx";

interface FailedSensorsProps {
  readonly run: RunAnswer;
  readonly onSensor: (sensor: string) => void;
}

export function FailedSensors({ run, onSensor }: FailedSensorsProps) {
  const more = run.failed_count - run.failed.length;
  return (
    <section class="panel">
      <h2>Failed {run.failed_count > 0 && <span class="badge red">{count(run.failed_count)}</span>}</h2>
      {run.failed.length === 0 && (
        <p class="soft">Nothing has failed{run.colour === null ? " so far" : ""}.</p>
      )}
      {run.failed.map((failure) => (
        <Failure key={`${failure.sensor} ${failure.batch_task}`} failure={failure} onSensor={onSensor} />
      ))}
      {more > 0 && <p class="soft">And {count(more)} more.</p>}
    </section>
  );
}

function Failure({ failure, onSensor }: { failure: FailedSensor; onSensor: (sensor: string) => void }) {
  const { sensor, group, sensor_count, reason, stderr_tail, stderr_place } = failure;
  return (
    <div class="failure">
      {sensor === null ? (
        <strong>
          {group || "A group"} <span class="soft">({counted(sensor_count, "sensor")})</span>
        </strong>
      ) : (
        <button type="button" class="link" onClick={() => onSensor(sensor)}>
          {displayOf(sensor)}
        </button>
      )}
      <p>{reason}</p>
      {stderr_tail !== null && (
        <details>
          <summary>End of stderr{stderr_place && `, from the ${stderr_place}`}</summary>
          <Printed class="tail" text={stderr_tail || "It is empty."} />
        </details>
      )}
    </div>
  );
}
