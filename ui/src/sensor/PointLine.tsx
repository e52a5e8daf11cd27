/** The reading under the pointer, in numbers. */

import type { ReadingsAnswer } from "../api/sensor.ts";
import { counted, moment as written } from "../model/format.ts";
import { nearest } from "../model/readings.ts";

interface PointLineProps {
  readonly readings: ReadingsAnswer;
  readonly moment: number | null;
  readonly isZoomed: boolean;
  readonly onReset: () => void;
}

export function PointLine({ readings, moment, isZoomed, onReset }: PointLineProps) {
  const { ts, features, values, score, anomaly } = readings;
  const near = moment === null ? null : nearest(ts, moment);
  const at = near === null ? -1 : ts.indexOf(near);
  const total = anomaly.reduce<number>((sum, one) => sum + one, 0);
  return (
    <p class="point-line">
      {at < 0 ? (
        <span>
          {counted(ts.length, "reading")}, {total} {total === 1 ? "anomaly" : "anomalies"}.{" "}
          <span class="soft">Drag over a chart to zoom into a span, or to label it.</span>
        </span>
      ) : (
        <span>
          <strong>{written(ts[at] ?? 0)}</strong>
          {features.map((feature, column) => ` · ${feature} ${values[column]?.[at] ?? "–"}`)}
          {` · score ${shortened(score[at])} · `}
          <span class={anomaly[at] ? "bad" : ""}>{anomaly[at] ? "◆ anomaly" : "normal"}</span>
        </span>
      )}
      {isZoomed && (
        <button type="button" class="link" onClick={onReset}>
          Show the whole range
        </button>
      )}
    </p>
  );
}

function shortened(score: number | null | undefined): string {
  return score == null ? "–" : score.toPrecision(4);
}
