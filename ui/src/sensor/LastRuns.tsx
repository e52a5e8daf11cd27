/** The newest runs of the shown hours: how the sensor fared in each, and the way to its log. */

import { useMemo } from "preact/hooks";
import { hoursOf, recordAt } from "../api/fleet.ts";
import type { Place } from "../api/place.ts";
import { instancesOf } from "../api/sensor.ts";
import { cellFacts, MARK_NAMES } from "../fleet/cell_text.ts";
import type { Cell } from "../model/history.ts";
import { History } from "../model/history.ts";
import { type Hour, hourOf, textOf } from "../model/hour.ts";
import type { Range } from "../model/range.ts";
import { runOf } from "../model/record.ts";
import { AirflowLink } from "../widgets/AirflowLink.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { useAnswer } from "../widgets/use_answer.ts";

interface LastRunsProps {
  readonly sensor: string;
  readonly range: Range;
  readonly onRun: (run: string) => void;
}

interface PastRun {
  readonly hour: Hour;
  readonly run: string;
  readonly cell: Cell;
  /** Of its task instance; undefined if the run's plan does not tell. */
  readonly mapIndex: number | undefined;
}

/** A record holds the whole fleet: few are enough here. */
const MOST_RUNS = 6;

export function LastRuns({ sensor, range, onRun }: LastRunsProps) {
  const place = usePlace();
  const key = `${sensor} ${range.from} ${range.to}`;
  const [runs, again] = useAnswer(key, (signal) => pastRuns(place, sensor, range, signal));
  const rows = useMemo(() => runs.value ?? [], [runs.value]);
  return (
    <section class="panel last-runs">
      <h2>Last runs</h2>
      {runs.error !== null && (
        <Problem error={runs.error} what="The last runs cannot be shown" onRetry={again} />
      )}
      {runs.value?.length === 0 && <p class="soft">None of these hours is recorded.</p>}
      {rows.length > 0 && (
        <table>
          <tbody>
            {rows.map(({ hour, run, cell, mapIndex }) => (
              <tr key={hour}>
                <td>
                  <button type="button" class="link" onClick={() => onRun(run)}>
                    {textOf(hour)}
                  </button>
                </td>
                <td>
                  <span class={`state ${cell.mark}`}>{MARK_NAMES[cell.mark]}</span>
                  <span class="soft"> {sentence(cell)}</span>
                  {cell.reason && <p class="soft">{cell.reason}</p>}
                </td>
                <td>
                  <AirflowLink
                    href={
                      mapIndex === undefined
                        ? place.runPage(run)
                        : place.runPage(run, "tasks", "score", "mapped", String(mapIndex))
                    }
                  >
                    {mapIndex === undefined ? "DAG run" : "Log and links"}
                  </AirflowLink>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function sentence(cell: Cell): string {
  return cellFacts(cell, null)
    .map(([name, value]) => `${value} ${name.toLowerCase()}`)
    .join(", ");
}

async function pastRuns(place: Place, sensor: string, range: Range, signal: AbortSignal): Promise<PastRun[]> {
  const answer = await hoursOf(place, range, signal);
  const listed = answer.hours.slice(-MOST_RUNS).reverse();
  const history = new History();
  const records = await Promise.all(
    listed.map(({ hour, etag }) => recordAt(place, hourOf(hour) ?? 0, etag, signal)),
  );
  history.show(range.from, range.to, listed, { now: 0, settled: 0, oldest: 0 });
  for (const record of records) history.add(record, history.etag(record.hour));
  const row = history.roster.rowOf(sensor);
  if (row === undefined) return [];
  // The links are worth a question, and no error: the runs are there without them.
  const hours = records.map((record) => record.hour);
  const instances = await instancesOf(place, sensor, hours).catch(() => new Map<string, number>());
  return records.map((record) => {
    const run = runOf(record, history.place(row, record));
    return { hour: record.hour, run, cell: history.cell(row, record.hour), mapIndex: instances.get(run) };
  });
}
