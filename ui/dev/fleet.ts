/** A made-up fleet, in the form of the page's routes: to work on the page, and to measure it, without a server. */

import { type Hour, textOf } from "../src/model/hour.ts";
import { randomOf } from "./random.ts";

const PER_DEVICE = 5;
const READINGS = 240;

export class MadeFleet {
  readonly ids: string[];
  readonly devices: string[];
  readonly tags: string[];

  readonly size: number;
  readonly newest: Hour;

  constructor(size: number, newest: Hour) {
    this.size = size;
    this.newest = newest;
    const numbers = Array.from({ length: size }, (_, at) => at);
    this.devices = numbers.map((at) =>
      at === 7 ? "<img src=x onerror=alert(1)>" : `pump-${1 + Math.floor(at / PER_DEVICE)}`,
    );
    this.tags = numbers.map((at) => (at === 7 ? "Ü" : `${1 + (at % PER_DEVICE)}`));
    this.ids = numbers.map((at) =>
      at === 7
        ? "~3cimg~20src~3dx~20onerror~3dalert~281~29~3e_~c3~9c"
        : `${this.devices[at]}_${this.tags[at]}`,
    );
  }

  sensors(): object {
    const random = randomOf(1);
    return {
      sensors: this.ids,
      device: this.devices,
      tag: this.tags,
      version: this.ids.map((_, at) =>
        at % 97 === 11
          ? null
          : `${textOf(this.newest - 24 * (2 + (at % 30))).replaceAll("-", "")}-9be2417c0${at % 10}`,
      ),
      trained_at: this.ids.map((_, at) =>
        at % 97 === 11 ? null : new Date((this.newest - 24 * (2 + (at % 30))) * 3_600_000).toISOString(),
      ),
      baseline: this.ids.map((_, at) =>
        at % 97 === 11 ? null : Math.round(1000 * (0.02 + 0.04 * random())) / 1000,
      ),
      spiking: this.ids.filter((_, at) => isSpiking(at)),
    };
  }

  record(hour: Hour): object {
    const random = randomOf(hour);
    const at = this.ids.map((_, index) => index);
    const outcome = at.map((index) => this.letter(index, hour, random)).join("");
    const readings = at.map((index) =>
      "SU".includes(outcome.charAt(index)) ? READINGS - Math.floor(random() * 9) : 0,
    );
    const anomalies = at.map((index) =>
      outcome[index] === "S" ? Math.floor((readings[index] ?? 0) * this.rate(index, hour, random)) : 0,
    );
    const failed = at.filter((index) => outcome[index] === "F");
    return {
      format: 1,
      hour: textOf(hour),
      run: `scoring-${textOf(hour)}`,
      dag_run_id: `scheduled__${textOf(hour + 1)}:00:00+00:00`,
      written_at: new Date((hour + 1) * 3_600_000 + 240_000).toISOString(),
      colour: failed.length > this.size / 500 ? "red" : failed.length ? "amber" : "green",
      node_hours: 0.42,
      cost: 0.12,
      sensors: this.ids,
      outcome,
      readings,
      anomalies,
      rejected: at.map((index) => (index % 41 === 3 ? 2 : 0)),
      milliseconds: at.map((index) => (outcome[index] === "S" ? 300 + Math.floor(random() * 300) : 0)),
      reasons: [
        "its model differs from the registered one: has the digest 41c0…, not 9be2…",
        "Blob Storage did not answer for 30 s",
      ],
      earlier_runs: [],
      earlier: {},
      reason: Object.fromEntries(failed.map((index) => [index, index % 2])),
    };
  }

  private letter(index: number, hour: Hour, random: () => number): string {
    if (index % 97 === 11) return "U";
    if (index % 61 === 5) return hour > this.newest - (index % 30) ? "Q" : "S";
    if (index % 83 === 2 && this.newest - hour < 3) return "F";
    return random() < 0.0012 ? "F" : random() < 0.002 ? "Q" : "S";
  }

  private rate(index: number, hour: Hour, random: () => number): number {
    const usual = 0.015 + (0.05 * ((index * 7919) % 100)) / 100;
    const wave = 0.5 + random();
    const spike = isSpiking(index) && this.newest - hour < 5 ? 0.12 + 0.11 * (5 - (this.newest - hour)) : 0;
    return Math.min(1, usual * wave + spike);
  }
}

function isSpiking(index: number): boolean {
  return index % 113 === 4;
}
