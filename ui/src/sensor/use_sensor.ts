/** What is asked about a sensor: its readings, and the labels on them. */

import { hoursOf } from "../api/fleet.ts";
import { type LabelsAnswer, labelsOf, type ReadingsAnswer, readingsOf } from "../api/sensor.ts";
import { hourOf, textOf } from "../model/hour.ts";
import type { Range } from "../model/range.ts";
import { usePlace } from "../widgets/place_context.ts";
import { type Answer, useAnswer } from "../widgets/use_answer.ts";

const USUAL_HOURS = 24;

export interface WatchedSensor {
  /** Null until the newest hour is known, if no range was asked for. */
  readonly range: Range | null;
  readonly isEmptyFleet: boolean;
  readonly readings: Answer<ReadingsAnswer>;
  readonly labels: Answer<LabelsAnswer>;
  readonly reload: () => void;
  readonly reloadLabels: () => void;
}

export function useSensor(sensor: string, asked: Range | null): WatchedSensor {
  const place = usePlace();
  const [newest, askAgain] = useAnswer(asked ? null : "newest hours", (signal) =>
    hoursOf(place, null, signal),
  );
  const last = hourOf(newest.value?.to ?? "");
  const range = asked ?? (last === null ? null : { from: last - USUAL_HOURS + 1, to: last });
  const key = range && `${sensor} ${textOf(range.from)} ${textOf(range.to)}`;
  const [readings, reloadReadings] = useAnswer(key, (signal) =>
    readingsOf(place, sensor, range as Range, signal),
  );
  const [labels, reloadLabels] = useAnswer(key, (signal) => labelsOf(place, sensor, range as Range, signal));
  const reload = () => {
    askAgain();
    reloadReadings();
  };
  return {
    range,
    isEmptyFleet: newest.value !== null && last === null,
    readings: newest.error === null ? readings : { value: null, error: newest.error },
    labels,
    reload,
    reloadLabels,
  };
}
