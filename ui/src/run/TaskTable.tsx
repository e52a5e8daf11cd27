/** The Batch tasks of a run as a table. */

import type { BatchTask } from "../api/run.ts";
import { count, duration, moment } from "../model/format.ts";
import { displayOf } from "../model/names.ts";
import { timesOf } from "../model/timeline.ts";
import { AirflowLink } from "../widgets/AirflowLink.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { taskState } from "./task_text.ts";

interface TaskTableProps {
  readonly tasks: readonly BatchTask[];
  readonly now: number;
  readonly dagRun: string;
}

const MOST = 1000;

export function TaskTable({ tasks, now, dagRun }: TaskTableProps) {
  return (
    <div class="timeline-scroll scrolled">
      <table>
        <thead>
          <tr>
            <th scope="col">Group</th>
            <th scope="col">State</th>
            <th scope="col">Node</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">
              Waited
            </th>
            <th scope="col" class="number">
              Ran
            </th>
          </tr>
        </thead>
        <tbody>
          {tasks.slice(0, MOST).map((task) => (
            <TaskRow key={`${task.job} ${task.id}`} task={task} now={now} dagRun={dagRun} />
          ))}
        </tbody>
      </table>
      {tasks.length > MOST && <p class="soft">And {count(tasks.length - MOST)} more.</p>}
    </div>
  );
}

function TaskRow({ task, now, dagRun }: { task: BatchTask; now: number; dagRun: string }) {
  const place = usePlace();
  const { waited, ran } = timesOf(task, now);
  const name = displayOf(task.group) || task.id;
  return (
    <tr>
      <th scope="row">
        {task.map_index === null ? (
          name
        ) : (
          <AirflowLink href={place.runPage(dagRun, "tasks", "score", "mapped", String(task.map_index))}>
            {name}
          </AirflowLink>
        )}
      </th>
      <td class={task.result === "failure" ? "bad" : ""}>
        {taskState(task)} {task.why && <span class="soft">{task.why}</span>}
      </td>
      <td>{task.node}</td>
      <td>{task.started && moment(Date.parse(task.started))}</td>
      <td class="number">{waited === null ? "" : duration(waited)}</td>
      <td class="number">{ran === null ? "" : duration(ran)}</td>
    </tr>
  );
}
