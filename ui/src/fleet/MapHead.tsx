/** The head of the map: titles to sort by, and the hours, each of which leads to its run. */

import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { History } from "../model/history.ts";
import { type Hour, spanOf } from "../model/hour.ts";
import type { Sort } from "../model/lines.ts";
import { type Column, widthOf } from "./columns.ts";

interface MapHeadProps {
  readonly history: History;
  readonly axis: RefObject<HTMLCanvasElement | null>;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly columns: readonly Column[];
  readonly cellWidth: number;
  readonly sort: Sort;
  readonly isReversed: boolean;
  readonly onSort: (sort: Sort) => void;
  readonly onRun: (hour: Hour) => void;
}

export function MapHead(props: MapHeadProps) {
  const { axis, cellWidth, columns, history, scroller } = props;
  const [hour, setHour] = useState<Hour | null>(null);
  const hourOf = (event: MouseEvent): Hour | null => {
    const box = axis.current?.getBoundingClientRect();
    const x = event.clientX - (box?.left ?? 0) - widthOf(columns) + (scroller.current?.scrollLeft ?? 0);
    return x < 0 ? null : (history.hours[Math.floor(x / cellWidth)] ?? null);
  };
  const record = hour === null ? undefined : history.record(hour);
  return (
    <div class="map-head">
      {/* Runs are reached by their hours' cells on the keyboard, and from the table. */}
      <canvas
        ref={axis}
        class={record ? "map-axis leads" : "map-axis"}
        title={hour === null ? "" : `${spanOf(hour)} UTC${record ? `: ${record.colour} run` : ""}`}
        onPointerMove={(event) => setHour(hourOf(event))}
        onClick={() => hour !== null && record && props.onRun(hour)}
      />
      <div class="map-titles">
        {columns.map((column) => (
          <button
            type="button"
            key={column.title}
            class={`bare title ${column.align} ${props.sort === column.sort ? "sorted" : ""}`}
            style={{ width: `${column.width}px` }}
            title={`${column.hint}. Click to sort.`}
            aria-pressed={props.sort === column.sort}
            onClick={() => props.onSort(column.sort)}
          >
            {column.title}
            {props.sort === column.sort && <span aria-hidden="true">{props.isReversed ? " ↑" : " ↓"}</span>}
          </button>
        ))}
      </div>
    </div>
  );
}
