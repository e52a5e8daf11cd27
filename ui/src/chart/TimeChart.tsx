/** A line chart over time, in UTC; charts with one name share cursor and range. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { useSize } from "../canvas/use_canvas.ts";
import type { Span } from "../model/readings.ts";
import type { ChartPalette } from "./chart_palette.ts";

export interface TimeChartProps {
  readonly name: string;
  readonly data: uPlot.AlignedData;
  /** All but the one of the x axis. */
  readonly series: readonly uPlot.Series[];
  readonly height: number;
  readonly span: Span;
  readonly palette: ChartPalette;
  readonly hasTimes: boolean;
  /** Room for the values on the left. */
  readonly axisWidth?: number;
  readonly unit: (value: number) => string;
  /** Ends of the y axis; by the data if left out. */
  readonly ends?: uPlot.Range.Function;
  /** Draws below and above the lines. */
  readonly under?: (chart: uPlot) => void;
  readonly over?: (chart: uPlot) => void;
  readonly onSpan?: (span: Span) => void;
  readonly onPick?: (moment: number) => void;
  readonly onPoint?: (moment: number | null) => void;
  readonly onReset?: () => void;
  readonly label: string;
}

const AXIS_WIDTH = 64;
const TIMES_HEIGHT = 38;
/** A shorter drag is a click. */
const LEAST_DRAG = 4;

export function TimeChart(props: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const newest = useRef(props);
  newest.current = props;
  const { width } = useSize(place);
  const { data, series, palette, height } = props;
  useLayoutEffect(() => {
    if (!place.current || !width) return undefined;
    const made = new uPlot(optionsOf(newest, { width, height }), data, place.current);
    chart.current = made;
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [width > 0, data, series, palette]);
  useEffect(() => {
    if (width && chart.current) chart.current.setSize({ width, height });
  }, [width, height]);
  const { from, to } = props.span;
  useEffect(
    () => chart.current?.setScale("x", { min: from, max: to }),
    [from, to, data, series, palette, width > 0],
  );
  useEffect(() => chart.current?.redraw(false), [props.under, props.over]);
  return <div class="chart" ref={place} role="img" aria-label={props.label} />;
}

function optionsOf(
  newest: { readonly current: TimeChartProps },
  size: { width: number; height: number },
): uPlot.Options {
  const { name, palette, hasTimes, series, ends, axisWidth = AXIS_WIDTH } = newest.current;
  const reset = (): null => {
    newest.current.onReset?.();
    return null;
  };
  const axis = {
    stroke: palette.soft,
    font: palette.font,
    ticks: { show: false },
    grid: { stroke: palette.line, width: 1 },
  };
  return {
    ...size,
    ms: 1,
    tzDate: (moment) => uPlot.tzDate(new Date(moment), "Etc/UTC"),
    legend: { show: false },
    padding: [8, 18, hasTimes ? 0 : 4, 0],
    scales: { x: { time: true }, ...(ends && { y: { range: ends } }) },
    axes: [
      { ...axis, show: hasTimes, size: TIMES_HEIGHT, incrs: INCREMENTS, values: TIMES },
      {
        ...axis,
        size: axisWidth,
        splits: undefined,
        values: (_, splits) => splits.map((value) => newest.current.unit(value)),
      },
    ] as uPlot.Axis[],
    series: [{}, ...series],
    cursor: {
      y: false,
      sync: { key: name, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      bind: { dblclick: () => reset },
    },
    hooks: {
      ready: [(chart) => listen(chart, newest)],
      drawClear: [(chart) => newest.current.under?.(chart)],
      draw: [(chart) => newest.current.over?.(chart)],
      setCursor: [
        ({ cursor, data }) =>
          newest.current.onPoint?.(cursor.idx == null ? null : (data[0][cursor.idx] ?? null)),
      ],
      setSelect: [(chart) => chosen(chart, newest.current)],
    },
  };
}

function chosen(chart: uPlot, { onSpan }: TimeChartProps): void {
  const { left, width } = chart.select;
  if (width < LEAST_DRAG) return;
  onSpan?.({
    from: Math.round(chart.posToVal(left, "x")),
    to: Math.round(chart.posToVal(left + width, "x")),
  });
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** Tell of clicks: where the pointer went down and came up again in the same place. */
function listen(chart: uPlot, newest: { readonly current: TimeChartProps }): void {
  let down = 0;
  chart.over.addEventListener("pointerdown", (event) => {
    down = event.clientX;
  });
  chart.over.addEventListener("click", (event) => {
    if (Math.abs(event.clientX - down) >= LEAST_DRAG) return;
    const x = event.clientX - chart.over.getBoundingClientRect().left;
    newest.current.onPick?.(chart.posToVal(x, "x"));
  });
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Of the axis, in whole seconds at least: its labels have no fractions. */
const INCREMENTS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 4, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7].map((days) => days * DAY),
];
/** Least step, its form, and what is written below where the day changes. */
const TIMES: uPlot.Axis.Values = [
  [DAY, "{DD} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [MINUTE, "{HH}:{mm}", "\n{DD} {MMM}", null, "\n{DD} {MMM}", null, null, null, 1],
  [SECOND, "{HH}:{mm}:{ss}", "\n{DD} {MMM}", null, "\n{DD} {MMM}", null, null, null, 1],
];
