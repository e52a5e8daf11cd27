/** Brings records and what is known of the sensors to the page, the newest hour first, and keeps them fresh. */

import { type HoursAnswer, hoursOf, recordAt, sensorsOf } from "../api/fleet.ts";
import type { Place } from "../api/place.ts";
import { History } from "../model/history.ts";
import { type Hour, hourOf } from "../model/hour.ts";
import { newestHours, type Range } from "../model/range.ts";

/** As many as browsers open connections to one server over HTTP/1.1. */
const AT_ONCE = 6;
/** As many as the server lists when it is asked for no range. */
const LISTED_HOURS = 48;

export interface Asked {
  readonly range: Range | null;
  readonly hours: number;
}

export interface Progress {
  /** Something was added that may change the order of the sensors. */
  readonly isNewOrder: boolean;
  /** Everything that was asked for is here, or has failed. */
  readonly isComplete: boolean;
}

export class Loader {
  readonly history = new History();
  private current = new AbortController();

  constructor(
    private readonly place: Place,
    private readonly onProgress: (progress: Progress) => void,
  ) {}

  /**
   * Load what is not here yet.
   *
   * @returns what came of it; superseded if another load took over
   * @throws Refusal if the list of hours, or that of sensors, cannot be had; what can be had is there all the same
   */
  async load(asked: Asked): Promise<"loaded" | "empty" | "superseded"> {
    this.current.abort();
    this.current = new AbortController();
    const { signal } = this.current;
    const [found, learnt] = await Promise.allSettled([this.loadHours(asked, signal), this.learn(signal)]);
    if (signal.aborted) return "superseded";
    for (const outcome of [found, learnt]) if (outcome.status === "rejected") throw outcome.reason;
    return found.status === "fulfilled" && found.value ? "loaded" : "empty";
  }

  /** @returns false if no hour was ever recorded */
  private async loadHours(asked: Asked, signal: AbortSignal): Promise<boolean> {
    const listed = await this.listed(asked, signal);
    if (!listed) return false;
    const { range, answer } = listed;
    const clock = {
      now: Date.parse(answer.now),
      settled: hourOf(answer.settled) ?? 0,
      oldest: hourOf(answer.oldest ?? "") ?? 0,
    };
    const wanted = this.history.show(range.from, range.to, answer.hours, clock);
    this.onProgress({ isNewOrder: false, isComplete: !wanted.length });
    await this.fetchAll(wanted, signal);
    return true;
  }

  private async fetchAll(wanted: readonly Hour[], signal: AbortSignal): Promise<void> {
    const queue = [...wanted];
    const work = async () => {
      for (let hour = queue.shift(); hour !== undefined; hour = queue.shift()) {
        await this.fetchOne(hour, signal);
        if (signal.aborted) return;
        this.onProgress({ isNewOrder: hour === this.history.newest?.hour, isComplete: false });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, work));
    if (wanted.length && !signal.aborted) this.onProgress({ isNewOrder: true, isComplete: true });
  }

  private async fetchOne(hour: Hour, signal: AbortSignal): Promise<void> {
    const etag = this.history.etag(hour);
    try {
      this.history.add(await recordAt(this.place, hour, etag, signal), etag);
    } catch (error) {
      if (signal.aborted) return;
      this.history.fail(hour, error instanceof Error ? error.message : String(error));
    }
  }

  private async learn(signal: AbortSignal): Promise<void> {
    const isNews = this.history.roster.learn(await sensorsOf(this.place, signal));
    if (isNews) this.onProgress({ isNewOrder: true, isComplete: false });
  }

  private async listed(
    asked: Asked,
    signal: AbortSignal,
  ): Promise<{ range: Range; answer: HoursAnswer } | null> {
    if (asked.range) return { range: asked.range, answer: await hoursOf(this.place, asked.range, signal) };
    const newest = await hoursOf(this.place, null, signal);
    const last = hourOf(newest.to ?? "");
    if (last === null) return null;
    const range = newestHours(last, hourOf(newest.settled) ?? last, asked.hours);
    const isListed = range.from > last - LISTED_HOURS;
    return { range, answer: isListed ? newest : await hoursOf(this.place, range, signal) };
  }
}
