import { expect, test } from "vitest";
import {
  cellWidthFor,
  firstSpot,
  type Geometry,
  scrollTo,
  spotAt,
  visibleColumns,
  visibleLines,
} from "../../src/fleet/geometry.ts";
import { moved } from "../../src/fleet/keys.ts";

const geometry: Geometry = {
  width: 500,
  height: 220,
  left: 200,
  cellWidth: 10,
  columnCount: 48,
  lineCount: 20_000,
  scrollTop: 0,
  scrollLeft: 0,
};

test("only what can be seen is drawn, partly seen lines included", () => {
  expect(visibleLines(geometry)).toEqual([0, 10]);
  expect(visibleLines({ ...geometry, scrollTop: 33 })).toEqual([1, 12]);
  expect(visibleLines({ ...geometry, lineCount: 3 })).toEqual([0, 3]);
  expect(visibleColumns({ ...geometry, scrollLeft: 15 })).toEqual([1, 32]);
});

test("cells are as wide as all hours allow, within limits", () => {
  expect([cellWidthFor(700, 48), cellWidthFor(700, 3), cellWidthFor(700, 744)]).toEqual([14, 30, 6]);
});

test("a point belongs to the line and the hour below it, also when the map is scrolled", () => {
  expect(spotAt({ ...geometry, scrollTop: 22, scrollLeft: 20 }, 205, 5)).toEqual({ line: 1, column: 2 });
  expect(spotAt(geometry, 20, 5)).toEqual({ line: 0, column: -1 });
  expect(spotAt({ ...geometry, lineCount: 1 }, 205, 30)).toBeNull();
  expect(spotAt({ ...geometry, columnCount: 3 }, 400, 5)).toBeNull();
});

test("the map scrolls as little as it takes to see a cell", () => {
  expect(scrollTo(geometry, { line: 5, column: 5 })).toEqual({ top: 0, left: 0 });
  expect(scrollTo(geometry, { line: 10, column: 40 })).toEqual({ top: 22, left: 110 });
  expect(scrollTo({ ...geometry, scrollTop: 440 }, { line: 3, column: -1 })).toEqual({ top: 66, left: 0 });
});

test("keys begin at the cursor, or where a reader looks now", () => {
  const cursor = { line: 5, column: 3 };
  expect(firstSpot(geometry, cursor)).toEqual(cursor);
  expect(firstSpot({ ...geometry, scrollTop: 2200 }, cursor)).toEqual({ line: 100, column: 47 });
  expect(firstSpot(geometry, null)).toEqual({ line: 0, column: 47 });
});

test("keys move the cursor and stop at the edges; left of the first hour is the sensor itself", () => {
  const extent = { lineCount: 100, columnCount: 48, page: 10 };
  const from = { line: 5, column: 0 };
  expect(moved(from, "ArrowLeft", false, extent)).toEqual({ line: 5, column: -1 });
  expect(moved({ line: 5, column: -1 }, "ArrowLeft", false, extent)).toEqual({ line: 5, column: -1 });
  expect(moved(from, "PageUp", false, extent)).toEqual({ line: 0, column: 0 });
  expect(moved(from, "PageDown", false, extent)).toEqual({ line: 15, column: 0 });
  expect(moved(from, "End", true, extent)).toEqual({ line: 99, column: 47 });
  expect(moved(from, "x", false, extent)).toBeNull();
});
