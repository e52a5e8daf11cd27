/** Which view is open, and how: to and from the query of the page's address, so that a copied address opens the same. */

import { hourOf, textOf } from "./model/hour.ts";
import { type Arrangement, SORTS, type Sort, STATES, type State } from "./model/lines.ts";
import { displayOf } from "./model/names.ts";
import type { Range } from "./model/range.ts";

export interface FleetView extends Arrangement {
  readonly view: "fleet";
  /** Null while it follows the newest hour. */
  readonly range: Range | null;
  /** How many it shows while it follows the newest hour. */
  readonly hours: number;
  readonly isTable: boolean;
}

export interface SensorView {
  readonly view: "sensor";
  readonly sensor: string;
  readonly range: Range | null;
}

export interface GapsView {
  readonly view: "gaps";
  readonly range: Range | null;
}

export interface RunView {
  readonly view: "run";
  readonly run: string;
}

export interface PoolView {
  readonly view: "pool";
}

export type View = FleetView | SensorView | GapsView | RunView | PoolView;

export const USUAL_HOURS = 48;
/** As many as the server gives at once. */
export const MOST_HOURS = 31 * 24;

export const FLEET: FleetView = {
  view: "fleet",
  range: null,
  hours: USUAL_HOURS,
  sort: "trouble",
  isReversed: false,
  isGrouped: false,
  text: "",
  device: "",
  state: "",
  isTable: false,
};

/**
 * Read a query; what it does not say, or says wrongly, is as usual.
 *
 * @param run - the DAG run that the address is of; empty if it is of none
 */
export function viewOf(query: string, run: string): View {
  const asked = new URLSearchParams(query);
  const range = rangeOf(asked);
  const sensor = asked.get("sensor") ?? "";
  const name = asked.get("view") ?? (run ? "run" : "fleet");
  const named = asked.get("run") ?? run;
  if (name === "sensor" && sensor) return { view: "sensor", sensor, range };
  if (name === "gaps") return { view: "gaps", range };
  if (name === "pool") return { view: "pool" };
  if (name === "run" && named) return { view: "run", run: named };
  return fleetOf(asked, range);
}

/** Write a query, with its question mark; the usual is left out. */
export function queryOf(view: View): string {
  const said = new URLSearchParams();
  said.set("view", view.view);
  if (view.view === "run") said.set("run", view.run);
  if (view.view === "sensor") said.set("sensor", view.sensor);
  if ("range" in view && view.range) {
    said.set("from", textOf(view.range.from));
    said.set("to", textOf(view.range.to));
  }
  if (view.view === "fleet") sayFleet(said, view);
  return `?${said}`;
}

function fleetOf(asked: URLSearchParams, range: Range | null): FleetView {
  const hours = Number(asked.get("hours"));
  return {
    view: "fleet",
    range,
    hours: Number.isInteger(hours) && hours >= 1 && hours <= MOST_HOURS ? hours : FLEET.hours,
    sort: oneOf<Sort>(SORTS, asked.get("sort")) ?? FLEET.sort,
    isReversed: asked.get("order") === "reversed",
    isGrouped: asked.get("group") === "device",
    text: asked.get("text") ?? "",
    device: asked.get("device") ?? "",
    state: oneOf<State>(STATES, asked.get("state")) ?? "",
    isTable: asked.get("as") === "table",
  };
}

function sayFleet(said: URLSearchParams, view: FleetView): void {
  if (!view.range && view.hours !== FLEET.hours) said.set("hours", String(view.hours));
  if (view.sort !== FLEET.sort) said.set("sort", view.sort);
  if (view.isReversed) said.set("order", "reversed");
  if (view.isGrouped) said.set("group", "device");
  if (view.text) said.set("text", view.text);
  if (view.device) said.set("device", view.device);
  if (view.state) said.set("state", view.state);
  if (view.isTable) said.set("as", "table");
}

function rangeOf(asked: URLSearchParams): Range | null {
  const from = hourOf(asked.get("from") ?? "");
  const to = hourOf(asked.get("to") ?? "");
  return from === null || to === null || to < from || to - from >= MOST_HOURS ? null : { from, to };
}

function oneOf<Name extends string>(names: readonly Name[], text: string | null): Name | null {
  return names.find((name) => name === text) ?? null;
}

/** What a browser's tab is called. */
export function titleOf(view: View): string {
  if (view.view === "sensor") return `${displayOf(view.sensor)} – Fleet`;
  if (view.view === "run") return `Run ${view.run} – Fleet`;
  return { fleet: "Fleet", gaps: "Gaps – Fleet", pool: "Pool – Fleet" }[view.view];
}
