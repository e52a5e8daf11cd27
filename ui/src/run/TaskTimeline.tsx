/** Batch tasks on nodes over time: a bar for each, a lane for each that ran beside others. */

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RunAnswer } from "../api/run.ts";
import { penOf, useFrame, useSize } from "../canvas/use_canvas.ts";
import { openInAirflow } from "../frame/navigation.ts";
import type { Theme } from "../frame/theme.ts";
import { count, counted } from "../model/format.ts";
import { type Bar, nodesBeside, timelineOf } from "../model/timeline.ts";
import { usePlace } from "../widgets/place_context.ts";
import { barAt, heightOf, NAMES_WIDTH, paintTimeline, timelinePaletteOf } from "./paint_timeline.ts";
import { TaskCard } from "./TaskCard.tsx";
import { TaskTable } from "./TaskTable.tsx";

interface TaskTimelineProps {
  readonly run: RunAnswer;
  readonly dagRun: string;
  readonly theme: Theme;
}

export function TaskTimeline({ run, dagRun, theme }: TaskTimelineProps) {
  const place = usePlace();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(scroller);
  const [isTable, setIsTable] = useState(false);
  const [pointed, setPointed] = useState<{ bar: Bar; x: number; y: number } | null>(null);
  const now = Date.parse(run.as_of);
  const timeline = useMemo(() => timelineOf(run.tasks, now), [run.tasks, now]);
  const height = heightOf(timeline);
  // The style sheet gives other colours for another theme.
  const palette = useMemo(() => timelinePaletteOf(document.body), [theme]);
  const scene = { timeline, palette, width, height, pointed: pointed?.bar ?? null };
  const draw = useFrame(() => {
    const pen = canvas.current && width ? penOf(canvas.current, { width, height }) : null;
    if (pen) paintTimeline(pen, scene);
  });
  useLayoutEffect(draw, [timeline, palette, width, pointed, isTable]);
  const waiting = run.tasks.filter(({ state }) => state === "active").length;
  const beside = nodesBeside(run.nodes);
  const under = (event: MouseEvent): Bar | null => {
    const box = canvas.current?.getBoundingClientRect();
    return box ? barAt(scene, event.clientX - box.left, event.clientY - box.top) : null;
  };
  const point = (event: PointerEvent) => {
    const bar = under(event);
    setPointed(bar && { bar, x: event.clientX, y: event.clientY });
  };
  const open = (event: MouseEvent) => {
    const index = under(event)?.task.map_index;
    if (index != null) openInAirflow(place.runPage(dagRun, "tasks", "score", "mapped", String(index)));
  };
  return (
    <section class="timeline">
      <header>
        <h2>
          {counted(run.tasks.length, "Batch task")} on{" "}
          {counted(timeline.nodes.filter(({ node }) => node).length, "node")}
        </h2>
        {beside && <span class="soft">beside them {beside}</span>}
        {waiting > 0 && <span class="soft">{count(waiting)} wait for a node</span>}
        <label class="check">
          <input
            type="checkbox"
            checked={isTable}
            onChange={(event) => setIsTable(event.currentTarget.checked)}
          />
          Table
        </label>
      </header>
      {isTable ? (
        <TaskTable tasks={run.tasks} now={now} dagRun={dagRun} />
      ) : (
        <div
          class="timeline-scroll scrolled"
          ref={scroller}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          role="img"
          aria-label="Batch tasks on nodes over time; the table has the same in words"
        >
          <canvas
            ref={canvas}
            onPointerMove={point}
            onPointerLeave={() => setPointed(null)}
            onClick={open}
            style={{ cursor: pointed && pointed.x > NAMES_WIDTH ? "pointer" : "default" }}
          />
        </div>
      )}
      {pointed && <TaskCard task={pointed.bar.task} now={now} x={pointed.x} y={pointed.y} />}
    </section>
  );
}
