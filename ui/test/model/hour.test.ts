import { expect, test } from "vitest";
import { clockOf, dayOf, hourOf, hoursBetween, spanOf, textOf } from "../../src/model/hour.ts";

test("an hour is read as it is written", () => {
  const hour = hourOf("2018-08-29T02") ?? 0;
  expect(textOf(hour)).toBe("2018-08-29T02");
  expect(hourOf("2018-08-29T03")).toBe(hour + 1);
});

test.each(["", "2018-08-29", "2018-08-29T2", "2018-08-29T24", "2018-02-30T02", "2018-08-29T02:00", "x"])(
  "%j is no hour",
  (text) => expect(hourOf(text)).toBeNull(),
);

test("a range includes both ends, and may be empty", () => {
  expect(hoursBetween(5, 7)).toEqual([5, 6, 7]);
  expect(hoursBetween(5, 4)).toEqual([]);
});

test("people read days and clock times in UTC", () => {
  const hour = hourOf("2018-08-29T23") ?? 0;
  expect([dayOf(hour), clockOf(hour), spanOf(hour)]).toEqual([
    "Wed 29 Aug",
    "23:00",
    "Wed 29 Aug 2018, 23:00–00:00",
  ]);
});
