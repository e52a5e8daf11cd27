/** A Batch task in words. */

import type { BatchTask } from "../api/run.ts";
import { duration } from "../model/format.ts";
import { timesOf } from "../model/timeline.ts";
import type { Fact } from "../widgets/Facts.tsx";

export function taskState({ result, state, exit_code }: BatchTask): string {
  if (result === "failure") return exit_code === null ? "failed" : `failed, exit code ${exit_code}`;
  if (result === "success") return "succeeded";
  return state === "active" ? "waits for a node" : state || "ended";
}

export function taskFacts(task: BatchTask, now: number): Fact[] {
  const { waited, ran } = timesOf(task, now);
  const facts: Fact[] = [];
  if (waited !== null) facts.push([task.requeues ? "Waited at last" : "Waited", duration(waited)]);
  if (ran !== null) facts.push(["Ran", duration(ran)]);
  if (task.node) facts.push(["Node", task.node]);
  if (task.requeues) facts.push(["Requeued", `${task.requeues} ×`]);
  if (task.attempt !== null && task.attempt > 1) facts.push(["Attempt", String(task.attempt)]);
  return facts;
}
