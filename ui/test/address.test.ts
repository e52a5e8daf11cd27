import { expect, test } from "vitest";
import { FLEET, queryOf, type View, viewOf } from "../src/address.ts";

const range = { from: 426_000, to: 426_047 };

test.each<View>([
  FLEET,
  {
    ...FLEET,
    range,
    sort: "rate",
    isReversed: true,
    isGrouped: true,
    text: "a&b=ü",
    device: "<x>",
    state: "failed",
  },
  { ...FLEET, hours: 168, isTable: true },
  { view: "sensor", sensor: "1_4", range },
  { view: "sensor", sensor: "1_4", range: null },
  { view: "gaps", range: null },
  { view: "run", run: "scheduled__2018-08-29T03:00:00+00:00" },
  { view: "pool" },
])("an address opens the view that it was copied from: %j", (view) =>
  expect(viewOf(queryOf(view), "")).toEqual(view),
);

test("the page of a DAG run opens with the run", () => {
  expect(viewOf("", "manual__1")).toEqual({ view: "run", run: "manual__1" });
  expect(viewOf("?view=fleet", "manual__1")).toEqual(FLEET);
});

test.each([
  "?view=nonsense",
  "?view=sensor",
  "?sort=x&hours=0&state=y",
  "?from=2018-08-29T02",
  "?from=2018-08-29T02&to=2018-08-29T01",
  "?from=2018-01-01T00&to=2018-12-01T00",
])("what an address says wrongly is as usual: %s", (query) => expect(viewOf(query, "")).toEqual(FLEET));
