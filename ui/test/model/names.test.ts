import { expect, test } from "vitest";
import { nameOf, pairOf } from "../../src/model/names.ts";

// As scoring_contract.sensor_names makes them.
test.each([
  ["1_4", "1", "4"],
  ["pump_sensor_07", "pump", "sensor_07"],
  ["a__b_c", "a_b", "c"],
  ["Pumpe-~c3~9c_temp~u8", "Pumpe-Ü", "temp"],
  ["plant~201~2fline~202_Temp~u002", "plant 1/line 2", "Temp"],
  ["100~25_a", "100%", "a"],
])("%s is the sensor of %j and %j", (id, device, tag) => expect(pairOf(id)).toEqual([device, tag]));

test.each(["alone", "a_b~h0123456789abcdef0123456789abcdef", "a_~ff"])("%s leads back to no names", (id) =>
  expect(pairOf(id)).toBeNull(),
);

test("people read the id where it is plain, else both names", () => {
  expect(nameOf("1_4", "1", "4")).toBe("1_4");
  expect(nameOf("a__b_c", "a_b", "c")).toBe("a_b / c");
});
