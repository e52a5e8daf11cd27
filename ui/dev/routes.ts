/** The page's routes, answered with made-up data. */

import { type Hour, hourOf, hoursBetween, textOf } from "../src/model/hour.ts";
import type { MadeFleet } from "./fleet.ts";
import { madePool, madeRun } from "./run.ts";
import { MadeLabels, madeModel, madeReadings } from "./sensor.ts";

const NOW = "2018-08-29T03:20:00Z";
const GAPS = new Set(["2018-08-28T09", "2018-08-28T10"]);
const RECORDED = 24 * 9;

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Return an answer, null for one without content, undefined for an unknown route. */
export type Routes = (question: Question) => object | null | undefined;

export function routesOf(fleet: MadeFleet): Routes {
  const labels = new MadeLabels();
  return ({ method, path, query, body }) => {
    const [what = "", name = "", of = "", id = ""] = path.slice(1).split("/").map(decodeURIComponent);
    if (what === "hours") return name ? recordOf(fleet, name) : hours(fleet.newest, query);
    if (what === "rights") return { clear: true, backfill: true, trigger: true, label: true };
    if (what === "rescore") return rescore(body as { cells: { hour: string; sensors: string[] }[] }, fleet);
    if (what === "runs") return madeRun(name, fleet);
    if (what === "pool") return madePool();
    if (what === "gaps") return name ? repairs(body as { hours: string[] }) : gaps();
    if (what !== "sensors") return undefined;
    if (!name) return fleet.sensors();
    if (of === "readings") return madeReadings(name, hour(query, "from"), hour(query, "to"));
    if (of === "model") return madeModel();
    if (of !== "labels") return undefined;
    if (method === "POST")
      return labels.add(body as { from: number; to: number; kind: string; note: string });
    return method === "DELETE" ? labels.remove(id) : labels.all();
  };
}

function recordOf(fleet: MadeFleet, name: string): object | undefined {
  const asked = hourOf(name);
  return asked === null ? undefined : fleet.record(asked);
}

function hours(newest: Hour, query: URLSearchParams): object {
  const to = hourOf(query.get("to") ?? "") ?? newest;
  const from = hourOf(query.get("from") ?? "") ?? to - 47;
  const isThere = (hour: Hour) => hour <= newest && hour > newest - RECORDED && !GAPS.has(textOf(hour));
  const listed = hoursBetween(from, to).filter(isThere);
  return {
    from: textOf(from),
    to: textOf(to),
    now: NOW,
    settled: textOf(newest),
    oldest: textOf(newest - RECORDED + 1),
    hours: listed.map((hour) => ({ hour: textOf(hour), etag: `"${hour}"`, size: 1 })),
  };
}

function rescore({ cells }: { cells: { hour: string; sensors: string[] }[] }, fleet: MadeFleet): object {
  const there = cells.filter(({ hour }) => !GAPS.has(hour));
  return {
    runs: there.map(({ hour, sensors }) => ({
      hour,
      dag_run_id: `scheduled__${textOf((hourOf(hour) ?? 0) + 1)}:00:00+00:00`,
      map_indexes: sensors.map((sensor) => fleet.ids.indexOf(sensor)),
      batch_tasks: sensors.length,
    })),
    unplanned: [],
    without_run: cells.filter(({ hour }) => GAPS.has(hour)).map(({ hour }) => hour),
  };
}

function gaps(): object {
  return {
    gaps: [...GAPS].map((hour) => ({
      hour,
      missing: 120,
      sensors: ["pump-1_1", "pump-1_2", "pump-1_3", "~3cimg~20src~3dx~20onerror~3dalert~281~29~3e_~c3~9c"],
      why: "never scored",
      since: `${hour}:00:00Z`,
      under_way: false,
    })),
  };
}

function repairs({ hours }: { hours: string[] }): object {
  const [from_date, to_date] = [hours[0], hours.at(-1)].map((hour) => `${hour}:00:00+00:00`);
  const body = {
    dag_id: "hourly_scoring",
    from_date,
    to_date,
    reprocess_behavior: "none",
    max_active_runs: 2,
  };
  const command = `airflow backfill create --dag-id hourly_scoring --from-date ${from_date} --to-date ${to_date} --reprocess-behavior none --max-active-runs 2`;
  return { repairs: [{ action: "backfill", hours, also: 0, command, body }] };
}

function hour(query: URLSearchParams, name: string): Hour {
  return hourOf(query.get(name) ?? "") ?? 0;
}
