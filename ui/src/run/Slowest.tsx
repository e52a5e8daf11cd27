/** The sensors that took longest to score. */

import type { RunAnswer } from "../api/run.ts";
import { count, duration } from "../model/format.ts";
import { displayOf } from "../model/names.ts";

interface SlowestProps {
  readonly run: RunAnswer;
  readonly onSensor: (sensor: string) => void;
}

export function Slowest({ run, onSensor }: SlowestProps) {
  return (
    <section class="panel">
      <h2>Slowest</h2>
      {run.slowest.length === 0 ? (
        <p class="soft">
          {run.colour === null ? "Known when the run is summed up." : "No sensor was scored."}
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Sensor</th>
              <th scope="col" class="number">
                Scoring
              </th>
              <th scope="col" class="number">
                Readings
              </th>
            </tr>
          </thead>
          <tbody>
            {run.slowest.map(({ sensor, seconds, readings }) => (
              <tr key={sensor}>
                <td>
                  <button type="button" class="link" onClick={() => onSensor(sensor)}>
                    {displayOf(sensor)}
                  </button>
                </td>
                <td class="number">{duration(seconds * 1000)}</td>
                <td class="number">{count(readings)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
