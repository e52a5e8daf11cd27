/** Waiting and running Batch tasks over time, and the nodes that they ran on. */

import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import type { RunAnswer } from "../api/run.ts";
import { chartPaletteOf } from "../chart/chart_palette.ts";
import { TimeChart } from "../chart/TimeChart.tsx";
import type { Theme } from "../frame/theme.ts";
import { count } from "../model/format.ts";
import { timelineOf } from "../model/timeline.ts";
import { MARGIN, NAMES_WIDTH } from "./paint_timeline.ts";

interface LoadChartProps {
  readonly run: RunAnswer;
  readonly theme: Theme;
}

export function LoadChart({ run, theme }: LoadChartProps) {
  // The style sheet gives other colours for another theme.
  const palette = useMemo(() => chartPaletteOf(document.body), [theme]);
  const { at, waiting, running, nodes } = run.over_time;
  const times = useMemo(() => at.map((moment) => Date.parse(moment)), [at]);
  const tasks = useMemo(
    () => [times, waiting, running] as unknown as uPlot.AlignedData,
    [times, waiting, running],
  );
  const used = useMemo(() => [times, nodes] as unknown as uPlot.AlignedData, [times, nodes]);
  const { from, to } = useMemo(() => timelineOf(run.tasks, Date.parse(run.as_of)), [run.tasks, run.as_of]);
  const [waits, runs] = useMemo(() => {
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    const line = (stroke: string, dash?: number[]): uPlot.Series => ({
      stroke,
      width: 1.5,
      points: { show: false },
      ...(stepped && { paths: stepped }),
      ...(dash && { dash }),
    });
    return [[line(palette.waiting, [5, 3]), line(palette.accent)], [line(palette.ink)]] as const;
  }, [palette]);
  const tops = useMemo(
    () => ({ tasks: upTo(waiting, running), nodes: upTo(nodes) }),
    [waiting, running, nodes],
  );
  if (times.length < 2) return null;
  const shared = {
    axisWidth: NAMES_WIDTH - MARGIN,
    name: "run",
    palette,
    span: { from, to },
    unit: whole,
  };
  return (
    <div class="charts load">
      <figure>
        <figcaption>
          Batch tasks <span class="key waiting">waiting</span> <span class="key running">running</span>
        </figcaption>
        <TimeChart
          {...shared}
          data={tasks}
          ends={tops.tasks}
          series={waits}
          height={110}
          hasTimes={false}
          label="Waiting and running Batch tasks over time"
        />
      </figure>
      <figure>
        <figcaption>
          Nodes{" "}
          <span class="soft">that ran a Batch task of this run; those that boot or idle are not known</span>
        </figcaption>
        <TimeChart
          {...shared}
          data={used}
          ends={tops.nodes}
          series={runs}
          height={90}
          hasTimes
          label="Nodes in use over time"
        />
      </figure>
    </div>
  );
}

function whole(value: number): string {
  return Number.isInteger(value) ? count(value) : "";
}

/** From nothing to the most that there ever was, also of a step that began before what is seen. */
function upTo(...columns: readonly (readonly number[])[]): uPlot.Range.Function {
  const most = columns.flat().reduce((some, other) => Math.max(some, other), 1);
  return () => [0, most * 1.1];
}
