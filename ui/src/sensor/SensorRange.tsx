/** Steps through the hours of a sensor: earlier, later, shorter, longer. */

import { counted } from "../model/format.ts";
import { spanOf } from "../model/hour.ts";
import type { Range } from "../model/range.ts";

interface SensorRangeProps {
  readonly range: Range;
  readonly onRange: (range: Range) => void;
}

/** The most that the server gives at once is a week. */
const LENGTHS = [1, 6, 24, 48, 7 * 24];

export function SensorRange({ range, onRange }: SensorRangeProps) {
  const length = range.to - range.from + 1;
  const choices = LENGTHS.includes(length) ? LENGTHS : [...LENGTHS, length].sort((a, b) => a - b);
  const move = (hours: number) => onRange({ from: range.from + hours, to: range.to + hours });
  return (
    <div class="range" role="group" aria-label="Hours">
      <button type="button" aria-label="Earlier" title="Earlier" onClick={() => move(-length)}>
        ‹
      </button>
      <select
        aria-label="How many hours"
        value={String(length)}
        onChange={(event) =>
          onRange({ from: range.to - Number(event.currentTarget.value) + 1, to: range.to })
        }
      >
        {choices.map((hours) => (
          <option key={hours} value={String(hours)}>
            {hours > 48 ? `${hours / 24} days` : counted(hours, "hour")}
          </option>
        ))}
      </select>
      <span class="soft">to {spanOf(range.to)} UTC</span>
      <button type="button" aria-label="Later" title="Later" onClick={() => move(length)}>
        ›
      </button>
    </div>
  );
}
