/** The little of Airflow's REST API that the page asks for, made up. */

import { hourOf, hoursBetween, startOf } from "../src/model/hour.ts";
import type { Question } from "./routes.ts";

interface Made {
  readonly id: number;
  readonly from_date: string;
  readonly to_date: string;
  looks: number;
}

export class MadeAirflow {
  private backfills: Made[] = [];

  answer({ method, path, query, body }: Question): object | null | undefined {
    if (path === "/dags/hourly_scoring") return { is_paused: true };
    if (path.endsWith("/dagRuns")) return this.runs(query);
    if (path.endsWith("/clearTaskInstances"))
      return cleared(body as { task_ids?: [string, number][]; dag_run_id?: string });
    if (path === "/backfills/dry_run")
      return { backfills: dates(body as Made).map((logical_date) => ({ logical_date })) };
    if (path === "/backfills" && method === "POST") return this.made(this.start(body as Made));
    if (path === "/backfills") return { backfills: this.backfills.map((one) => this.made(one)) };
    const found = this.backfills.find(({ id }) => path === `/backfills/${id}`);
    if (!found) return undefined;
    found.looks += 1;
    return this.made(found);
  }

  private start(body: Made): Made {
    const added = { ...body, id: this.backfills.length + 1, looks: 0 };
    this.backfills.push(added);
    return added;
  }

  private made(one: Made): object {
    const completed_at = one.looks > 3 ? "2018-08-29T03:40:00Z" : null;
    return {
      ...one,
      created_at: "2018-08-29T03:30:00Z",
      completed_at,
      is_paused: false,
      reprocess_behavior: "none",
    };
  }

  private runs(query: URLSearchParams): object {
    const backfill = this.backfills.at(-1);
    const states = ["success", "running", "queued"];
    const runs = backfill?.looks
      ? dates(backfill).map((logical_date, at) => ({
          dag_run_id: `backfill__${logical_date}`,
          logical_date,
          data_interval_start: logical_date,
          run_after: logical_date,
          queued_at: "2018-08-29T03:31:00Z",
          run_type: "backfill",
          state: states[Math.max(0, at + 2 - backfill.looks)] ?? "queued",
          conf: null,
        }))
      : [];
    const offset = Number(query.get("offset"));
    return { dag_runs: runs.slice(offset), total_entries: runs.length };
  }
}

function dates({ from_date, to_date }: Made): string[] {
  const [from, to] = [from_date, to_date].map((date) => hourOf(date.slice(0, 13)) ?? 0);
  return hoursBetween(from ?? 0, to ?? 0).map((hour) => new Date(startOf(hour)).toISOString());
}

function cleared({
  task_ids = [],
  dag_run_id,
}: {
  task_ids?: [string, number][];
  dag_run_id?: string;
}): object {
  return {
    task_instances: task_ids.map(([task_id, map_index]) => ({
      task_id,
      map_index,
      dag_run_id,
      rendered_map_index: `sensor ${map_index}`,
    })),
  };
}
