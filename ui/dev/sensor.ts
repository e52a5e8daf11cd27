/** One made-up sensor: readings with predictions, a model, labels. */

import { endOf, type Hour, hourOf, hoursBetween, startOf, textOf } from "../src/model/hour.ts";
import { randomOf } from "./random.ts";

const STEP = 15_000;
const MISSING = new Set(["2018-08-28T09", "2018-08-28T10"]);

export function madeReadings(sensor: string, from: Hour, to: Hour): object {
  const hours = hoursBetween(from, to);
  const there = hours.filter((hour) => !MISSING.has(textOf(hour)));
  const ts = there.flatMap((hour) => momentsOf(hour));
  const random = randomOf(from);
  const hot = endOf(to) - 4 * 3_600_000;
  const isOdd = (ts: number) => (ts > hot && ts < hot + 5_400_000 && random() < 0.3) || random() < 0.012;
  const odd = ts.map(isOdd);
  const wave = (ts: number, period: number) => Math.sin((2 * Math.PI * ts) / period);
  const value = ts.map((moment, at) =>
    round(100 + 6 * wave(moment, 7_200_000) + 2 * random() + (odd[at] ? 14 : 0)),
  );
  const second = ts.map((moment, at) =>
    round(40 + 3 * wave(moment, 10_800_000) + random() - (odd[at] ? 5 : 0)),
  );
  return {
    sensor,
    device: sensor.split("_")[0],
    tag: sensor.split("_")[1] ?? "",
    features: sensor.endsWith("2") ? ["Value", "Pressure"] : ["Value"],
    ts,
    values: sensor.endsWith("2") ? [value, second] : [value],
    score: odd.map((is) => round(is ? -0.1 - 0.3 * random() : 0.02 + 0.05 * random(), 4)),
    anomaly: odd.map(Number),
    threshold: 0,
    hours: hours.map((hour) => ({
      hour: textOf(hour),
      state: MISSING.has(textOf(hour)) ? "missing" : "there",
      why: MISSING.has(textOf(hour)) ? "no predictions" : "",
    })),
    baseline: 0.021,
  };
}

export function madeModel(): object {
  const compared = {
    with: "20180820T00-0123456789",
    readings: 2980,
    anomaly_share: 0.048,
    drift: 0.0625,
    changed_share: 0.012,
    precision: null,
    recall: 0.75,
  };
  const trained_on = {
    from: "2018-08-20T00",
    until: "2018-08-27T00",
    readings: 40_320,
    libraries: { "scikit-learn": "1.9.1" },
  };
  const version = (version: string, decision: string, reason = "") => ({
    version,
    trained_on,
    published_at: `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6, 8)}T00:14:02Z`,
    is_current: false,
    decision,
    reason,
    compared: reason ? null : compared,
  });
  return {
    version: "20180827T00-9be2417c05",
    trained_on,
    promoted_at: "2018-08-27T00:14:02Z",
    unknown: [],
    history: [
      { ...version("20180827T00-9be2417c05", "promoted"), is_current: true },
      version("20180826T00-41c0aa1290", "refused", "its anomaly rate drifts by 0.31, more than 0.1"),
      version("20180820T00-0123456789", "promoted"),
    ],
  };
}

export class MadeLabels {
  private held: { id: string; from: number }[] = [];
  private made = 0;

  constructor() {
    const at = startOf(hourOf("2018-08-28T15") ?? 0);
    this.add({ from: at, to: at + 2_400_000, kind: "maintenance", note: "Filter changed" });
  }

  all(): object {
    return { labels: this.held, problems: [] };
  }

  add(label: { from: number; to: number; kind: string; note: string }): object {
    this.made += 1;
    const added = { id: `label-${this.made}`, ...label, by: "admin", at: "2018-08-29T03:11:00Z" };
    this.held = [...this.held, added].sort((a, b) => a.from - b.from);
    return added;
  }

  remove(id: string): null {
    this.held = this.held.filter((label) => label.id !== id);
    return null;
  }
}

function momentsOf(hour: Hour): number[] {
  return Array.from({ length: 3_600_000 / STEP }, (_, at) => startOf(hour) + at * STEP);
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
