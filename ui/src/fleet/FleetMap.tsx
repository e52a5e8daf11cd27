/** The map of sensors by hours: a canvas that holds only what is visible, below a head with the hours. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { penOf, useFrame, useSize } from "../canvas/use_canvas.ts";
import type { Theme } from "../frame/theme.ts";
import type { History } from "../model/history.ts";
import type { Hour } from "../model/hour.ts";
import type { Line, Sort } from "../model/lines.ts";
import type { Selection, Spot } from "../model/selection.ts";
import { CursorCell } from "./CursorCell.tsx";
import { columnsFor, widthOf } from "./columns.ts";
import {
  AXIS_HEIGHT,
  cellWidthFor,
  firstSpot,
  type Geometry,
  LINE_HEIGHT,
  scrollTo,
  spotAt,
  wholeSize,
} from "./geometry.ts";
import { HoverCard } from "./HoverCard.tsx";
import { moved } from "./keys.ts";
import { MapHead } from "./MapHead.tsx";
import { paintMap } from "./paint.ts";
import { paintAxis } from "./paint_axis.ts";
import { paletteOf } from "./palette.ts";

export interface FleetMapProps {
  readonly history: History;
  /** Changes whenever something was added to the history. */
  readonly version: number;
  readonly lines: readonly Line[];
  readonly collapsed: ReadonlySet<string>;
  readonly theme: Theme;
  readonly sort: Sort;
  readonly isReversed: boolean;
  readonly selection: Selection | null;
  readonly onSort: (sort: Sort) => void;
  readonly onSelect: (selection: Selection | null) => void;
  readonly onToggle: (device: string) => void;
  readonly onOpen: (row: number, hour: Hour | null) => void;
  readonly onRun: (hour: Hour) => void;
  readonly onDrawn: () => void;
  readonly onScroll: (top: number) => void;
}

export interface Pointed {
  readonly spot: Spot;
  readonly x: number;
  readonly y: number;
}

export function FleetMap(props: FleetMapProps) {
  const { history, lines, selection, theme, version } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const axis = useRef<HTMLCanvasElement>(null);
  const size = useSize(scroller);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [kept, setCursor] = useState<Spot | null>(null);
  const [isFocused, setIsFocused] = useState(false);
  const cursor = isFocused ? kept : null;
  const columns = useMemo(
    () => columnsFor(size.width, history.hours.length),
    [size.width, history.hours.length],
  );
  const left = widthOf(columns);
  const cellWidth = cellWidthFor(size.width - left, history.hours.length);

  const geometry = (): Geometry => ({
    ...size,
    left,
    cellWidth,
    columnCount: history.hours.length,
    lineCount: lines.length,
    scrollTop: scroller.current?.scrollTop ?? 0,
    scrollLeft: scroller.current?.scrollLeft ?? 0,
  });
  const whole = wholeSize(geometry());
  // The style sheet gives other colours for another theme.
  const palette = useMemo(() => scroller.current && paletteOf(scroller.current), [theme, size.width > 0]);

  const draw = useFrame(() => {
    const pens = [canvas, axis].map(
      (one, at) => one.current && penOf(one.current, at ? { width: size.width, height: AXIS_HEIGHT } : size),
    );
    const [pen, axisPen] = pens;
    if (!pen || !axisPen || !palette || !size.width) return;
    const { collapsed } = props;
    const scene = { geometry: geometry(), history, lines, columns, collapsed, palette, cursor, selection };
    paintMap(pen, { ...scene, hover: pointed?.spot ?? null });
    paintAxis(axisPen, { ...scene, hover: pointed?.spot ?? null });
    props.onDrawn();
  });
  // Each of these changes the picture.
  useLayoutEffect(draw, [version, lines, size, palette, pointed, cursor, selection, props.collapsed]);
  // Other hours begin with the newest; the same ones stay where they are, also when the map was out of sight.
  useEffect(() => scroller.current?.scrollTo({ left: whole.width }), [history.hours.length]);
  const firstHour = history.hours[0] ?? 0;
  const shownFrom = useRef(firstHour);
  useEffect(() => {
    const moved = firstHour - shownFrom.current;
    shownFrom.current = firstHour;
    setCursor((now) => now && { ...now, column: Math.max(-1, now.column - moved) });
  }, [firstHour]);

  const spotOf = (event: MouseEvent): Spot | null => {
    const box = canvas.current?.getBoundingClientRect();
    return box ? spotAt(geometry(), event.clientX - box.left, event.clientY - box.top) : null;
  };
  const point = (event: PointerEvent) => {
    const spot = spotOf(event);
    setPointed(spot && { spot, x: event.clientX, y: event.clientY });
    if (spot && event.shiftKey && event.buttons === 1 && selection) extend(spot);
  };
  const extend = (to: Spot, from: Spot = to) => {
    const cornerOf = ({ line, column }: Spot) => ({ line, hour: history.hours[column] ?? 0 });
    if (to.column >= 0) props.onSelect({ anchor: selection?.anchor ?? cornerOf(from), end: cornerOf(to) });
  };
  const open = ({ line, column }: Spot) => {
    const at = lines[line];
    if (at?.kind === "device") props.onToggle(at.device);
    if (at?.kind === "sensor") props.onOpen(at.row, history.hours[column] ?? null);
  };
  const press = (event: PointerEvent) => {
    const spot = spotOf(event);
    if (spot && event.shiftKey) extend(spot);
  };
  const click = (event: MouseEvent) => {
    const spot = spotOf(event);
    if (spot && !event.shiftKey) open(spot);
  };
  const key = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(size.height / LINE_HEIGHT) - 1);
    const from = firstSpot(geometry(), kept);
    const extent = { lineCount: lines.length, columnCount: history.hours.length, page };
    const to = moved(from, event.key, event.ctrlKey || event.metaKey, extent);
    if (to && lines.length) {
      event.preventDefault();
      if (event.shiftKey) extend(to, from);
      setCursor(to);
      scroller.current?.scrollTo(scrollTo(geometry(), to));
    } else if ((event.key === "Enter" || event.key === " ") && cursor) {
      event.preventDefault();
      open(cursor);
    } else if (event.key === "Escape") {
      props.onSelect(null);
    }
  };
  return (
    <div class="map">
      <MapHead {...props} axis={axis} columns={columns} cellWidth={cellWidth} scroller={scroller} />
      <div
        class="map-scroll"
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label="Sensors by hours; arrow keys move, Enter opens, Shift selects"
        aria-rowcount={lines.length}
        aria-colcount={history.hours.length + 1}
        aria-activedescendant={cursor ? "cursor-cell" : undefined}
        onScroll={() => {
          draw();
          props.onScroll(scroller.current?.scrollTop ?? 0);
        }}
        onKeyDown={key}
        onFocus={() => setIsFocused(true)}
        onBlur={() => setIsFocused(false)}
      >
        <div class="map-stage" style={{ width: `${whole.width}px`, height: `${whole.height}px` }}>
          <canvas
            ref={canvas}
            class="map-canvas"
            onPointerMove={point}
            onPointerDown={press}
            onPointerLeave={() => setPointed(null)}
            onClick={click}
          />
        </div>
        <CursorCell history={history} lines={lines} cursor={cursor} />
      </div>
      <HoverCard history={history} lines={lines} pointed={pointed} />
    </div>
  );
}
