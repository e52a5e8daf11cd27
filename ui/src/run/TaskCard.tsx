/** A Batch task under the pointer, in numbers. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { BatchTask } from "../api/run.ts";
import { counted, moment } from "../model/format.ts";
import { displayOf } from "../model/names.ts";
import { Facts } from "../widgets/Facts.tsx";
import { placeBeside } from "../widgets/place_beside.ts";
import { taskFacts, taskState } from "./task_text.ts";

interface TaskCardProps {
  readonly task: BatchTask;
  readonly now: number;
  readonly x: number;
  readonly y: number;
}

export function TaskCard({ task, now, x, y }: TaskCardProps) {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (card.current) placeBeside(card.current, { x, y });
  });
  return (
    <div class="card hover-card" ref={card} role="presentation">
      <strong>{displayOf(task.group) || task.id}</strong>{" "}
      {(task.sensor_count ?? 1) > 1 && <span class="soft">{counted(task.sensor_count ?? 0, "sensor")}</span>}
      <div class={`state ${task.result === "failure" ? "failed" : ""}`}>{taskState(task)}</div>
      <Facts facts={taskFacts(task, now)} />
      {task.started && <p>From {moment(Date.parse(task.started))} UTC</p>}
      {task.why && <p>{task.why}</p>}
    </div>
  );
}
