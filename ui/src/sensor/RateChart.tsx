/** The anomaly rate of each hour, beside the sensor's baseline. */

import { useCallback, useMemo } from "preact/hooks";
import uPlot from "uplot";
import type { ReadingsAnswer } from "../api/sensor.ts";
import { drawLevel, fillBand } from "../chart/marks.ts";
import { TimeChart, type TimeChartProps } from "../chart/TimeChart.tsx";
import { percent } from "../model/format.ts";
import { startOf } from "../model/hour.ts";
import { hourRates } from "../model/readings.ts";

type RateChartProps = Omit<TimeChartProps, "data" | "series" | "height" | "unit" | "label" | "over"> & {
  readonly readings: ReadingsAnswer;
};

const HALF_HOUR = 1_800_000;

export function RateChart({ readings, ...shared }: RateChartProps) {
  const { palette, under } = shared;
  const { baseline } = readings;
  const data = useMemo(() => {
    const rates = hourRates(readings);
    return [
      rates.map(({ hour }) => startOf(hour) + HALF_HOUR),
      rates.map((rate) => rate.anomalies / rate.readings),
    ] as uPlot.AlignedData;
  }, [readings]);
  const series = useMemo(() => {
    const paths = uPlot.paths.bars?.({ size: [0.9] });
    return [
      {
        stroke: palette.accent,
        fill: palette.accent,
        width: 0,
        points: { show: false },
        ...(paths && { paths }),
      },
    ];
  }, [palette]);
  const underRates = useCallback(
    (chart: uPlot) => {
      under?.(chart);
      if (baseline !== null) fillBand(chart, 0, baseline, palette.band);
    },
    [under, baseline, palette],
  );
  const over = useCallback(
    (chart: uPlot) => {
      if (baseline !== null) drawLevel(chart, baseline, palette.ink);
    },
    [baseline, palette],
  );
  return (
    <figure>
      <figcaption>
        Anomaly rate{" "}
        <span class="soft">{baseline === null ? "no baseline yet" : `usually ${percent(baseline)}`}</span>
      </figcaption>
      <TimeChart
        {...shared}
        data={data}
        series={series}
        height={110}
        hasTimes
        ends={fromZero}
        unit={percent}
        under={underRates}
        over={over}
        label="Anomaly rate of each hour, beside the baseline"
      />
    </figure>
  );
}

function fromZero(_: uPlot, __: number, most: number): uPlot.Range.MinMax {
  return [0, Math.max(most * 1.1, 0.01)];
}
