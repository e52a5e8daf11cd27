/** A cell in words. */

import { count, counted, duration, percent } from "../model/format.ts";
import type { Cell, Mark } from "../model/history.ts";

export const MARK_NAMES: Record<Mark, string> = {
  scored: "scored",
  failed: "failed",
  silent: "silent",
  unmodelled: "no model",
  absent: "not part of this hour",
  before: "before the first record",
  missing: "missing",
  pending: "not yet",
  loading: "loading",
  unreadable: "unreadable",
};

/** What a state means, where its name does not say it. */
const MARK_MEANINGS: Partial<Record<Mark, string>> = {
  silent: "It has a model and sent no reading.",
  unmodelled: "It sent readings and has no model: train one, or publish it.",
  absent: "The hour is recorded, and this sensor was neither planned nor heard of in it.",
  missing: "The hour is over and nothing is recorded of it: the view Gaps has the backfill.",
  pending: "The hour is not over, or its run is due.",
};

/** Why a cell is as it is; empty where that needs no words. */
export function cellMeaning(cell: Cell): string {
  if (cell.mark === "scored" && !cell.readings)
    return "Left alone by this run: predictions of a newer plan were there.";
  return cell.reason || (MARK_MEANINGS[cell.mark] ?? "");
}

/** Facts of a cell, as names and values. */
export function cellFacts(cell: Cell, baseline: number | null): [string, string][] {
  if (cell.mark !== "scored" && !cell.readings) return [];
  const facts: [string, string][] = [["Readings", count(cell.readings)]];
  if (cell.mark === "scored") {
    const rate = cell.readings ? ` (${percent(cell.anomalies / cell.readings)})` : "";
    facts.push(["Anomalies", `${count(cell.anomalies)}${rate}`]);
    if (baseline !== null) facts.push(["Usual rate", percent(baseline)]);
  }
  if (cell.rejected) facts.push(["Rejected rows", count(cell.rejected)]);
  if (cell.milliseconds) facts.push(["Scoring", duration(cell.milliseconds)]);
  return facts;
}

/** A cell in one line, for a screen reader. */
export function cellSentence(cell: Cell): string {
  const anomalies = `${count(cell.anomalies)} ${cell.anomalies === 1 ? "anomaly" : "anomalies"}`;
  const numbers = cell.mark === "scored" ? `, ${counted(cell.readings, "reading")}, ${anomalies}` : "";
  return `${MARK_NAMES[cell.mark]}${numbers}${cell.reason ? `: ${cell.reason}` : ""}`;
}
