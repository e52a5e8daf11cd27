/** The incomplete hours, the newest first. */

import type { Gap } from "../api/gaps.ts";
import { count, moment } from "../model/format.ts";
import { displayOf } from "../model/names.ts";

interface GapTableProps {
  readonly gaps: readonly Gap[];
  readonly onSensor: (sensor: string, hour: string) => void;
}

export function GapTable({ gaps, onSensor }: GapTableProps) {
  return (
    <table class="gap-table">
      <thead>
        <tr>
          <th scope="col">Hour (UTC)</th>
          <th scope="col">What is missing</th>
          <th scope="col" class="number">
            Sensors
          </th>
          <th scope="col">Among them</th>
          <th scope="col">Since</th>
        </tr>
      </thead>
      <tbody>
        {[...gaps].reverse().map((gap) => (
          <tr key={gap.hour}>
            <th scope="row">{gap.hour}</th>
            <td>
              {gap.why} {gap.under_way && <span class="badge live">a run is under way</span>}
            </td>
            <td class="number">{gap.missing ? count(gap.missing) : ""}</td>
            <td>
              {gap.sensors.map((sensor) => (
                <button
                  type="button"
                  class="link named"
                  key={sensor}
                  onClick={() => onSensor(sensor, gap.hour)}
                >
                  {displayOf(sensor)}
                </button>
              ))}
              {gap.missing > gap.sensors.length && gap.sensors.length > 0 && (
                <span class="soft">and {count(gap.missing - gap.sensors.length)} more</span>
              )}
            </td>
            <td>{gap.since && moment(Date.parse(gap.since))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
