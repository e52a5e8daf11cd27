/** Charts of a sensor, one below the other: each feature, the score, the anomaly rate of each hour. */

import { useCallback, useMemo, useState } from "preact/hooks";
import type uPlot from "uplot";
import type { Label, ReadingsAnswer } from "../api/sensor.ts";
import { chartPaletteOf } from "../chart/chart_palette.ts";
import { drawDiamonds, drawLevel, fillBand, fillSpan, hatchSpan } from "../chart/marks.ts";
import { TimeChart } from "../chart/TimeChart.tsx";
import type { Theme } from "../frame/theme.ts";
import { endOf, hourOf, startOf } from "../model/hour.ts";
import type { Range } from "../model/range.ts";
import { nearest, type Span, withHoles } from "../model/readings.ts";
import { PointLine } from "./PointLine.tsx";
import { RateChart } from "./RateChart.tsx";

interface ReadingsChartsProps {
  readonly readings: ReadingsAnswer;
  readonly range: Range;
  readonly labels: readonly Label[];
  readonly theme: Theme;
  readonly span: Span | null;
  readonly zoom: Span | null;
  readonly onSpan: (span: Span | null) => void;
  readonly onZoom: (span: Span | null) => void;
}

const SYNC = "sensor";
const HEIGHTS = [220, 150, 120];

export function ReadingsCharts(props: ReadingsChartsProps) {
  const { readings, range, labels, theme, span, zoom, onSpan, onZoom } = props;
  const [point, setPoint] = useState<number | null>(null);
  // The style sheet gives other colours for another theme.
  const palette = useMemo(() => chartPaletteOf(document.body), [theme]);
  const columns = useMemo(() => withHoles(readings), [readings]);
  const anomalies = useMemo(() => columns.anomaly.flatMap((is, at) => (is ? [at] : [])), [columns]);
  const lines = useMemo(
    () => columns.values.map((column) => [columns.ts, column] as unknown as uPlot.AlignedData),
    [columns],
  );
  const scores = useMemo(() => [columns.ts, columns.score] as unknown as uPlot.AlignedData, [columns]);
  const line = useMemo(() => [{ stroke: palette.accent, width: 1.25, points: { show: false } }], [palette]);
  const under = useCallback(
    (chart: uPlot) => {
      for (const hour of readings.hours) {
        const at = hourOf(hour.hour) ?? 0;
        if (hour.state !== "there") hatchSpan(chart, { from: startOf(at), to: endOf(at) }, palette.hatch);
      }
      for (const label of labels) fillSpan(chart, label, palette.label[label.kind] ?? palette.line, 0.3);
      if (span) fillSpan(chart, span, palette.accent, 0.18);
    },
    [readings, labels, span, palette],
  );
  const underScore = useCallback(
    (chart: uPlot) => {
      under(chart);
      fillBand(chart, chart.scales.y?.min ?? 0, readings.threshold, palette.band);
    },
    [under, readings, palette],
  );
  const overLine = useCallback(
    (chart: uPlot) => drawDiamonds(chart, anomalies, 1, palette.failed, palette.back),
    [anomalies, palette],
  );
  const overScore = useCallback(
    (chart: uPlot) => {
      drawLevel(chart, readings.threshold, palette.failed);
      overLine(chart);
    },
    [overLine, readings, palette],
  );
  const shared = {
    name: SYNC,
    palette,
    series: line,
    span: zoom ?? { from: startOf(range.from), to: endOf(range.to) },
    hasTimes: false,
    onSpan,
    onPick: (moment: number) => {
      const reading = nearest(readings.ts, moment);
      onSpan(reading === null ? null : { from: reading, to: reading });
    },
    onReset: () => onZoom(null),
  };
  const height = HEIGHTS[Math.min(readings.features.length, HEIGHTS.length) - 1] ?? 120;
  return (
    <div class="charts">
      <PointLine readings={readings} moment={point} isZoomed={zoom !== null} onReset={() => onZoom(null)} />
      {readings.features.map((feature, at) => (
        <figure key={feature}>
          <figcaption>{feature}</figcaption>
          <TimeChart
            {...shared}
            label={`${feature} over time, with ${anomalies.length} anomalies marked`}
            data={lines[at] ?? [[]]}
            height={height}
            unit={plain}
            under={under}
            over={overLine}
            // The others follow the first one's cursor.
            {...(at === 0 && { onPoint: setPoint })}
          />
        </figure>
      ))}
      <figure>
        <figcaption>
          Score <span class="soft">{readings.threshold} or below is an anomaly</span>
        </figcaption>
        <TimeChart
          {...shared}
          label="Score over time, with the threshold"
          data={scores}
          height={120}
          unit={plain}
          under={underScore}
          over={overScore}
        />
      </figure>
      <RateChart {...shared} readings={readings} under={under} />
    </div>
  );
}

const PLAIN = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

function plain(value: number): string {
  return PLAIN.format(value);
}
