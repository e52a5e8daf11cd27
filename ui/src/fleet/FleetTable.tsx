/** The sensors as a table, for screen readers and for copying: the newest hour in numbers. */

import { useEffect, useState } from "preact/hooks";
import { count, percent } from "../model/format.ts";
import type { History } from "../model/history.ts";
import { textOf } from "../model/hour.ts";
import type { Line, Sort } from "../model/lines.ts";
import { MARK_NAMES } from "./cell_text.ts";

interface FleetTableProps {
  readonly history: History;
  readonly lines: readonly Line[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly onOpen: (row: number) => void;
}

const PAGE = 200;

export function FleetTable({ history, lines, sort, onSort, onOpen }: FleetTableProps) {
  const [page, setPage] = useState(0);
  useEffect(() => setPage(0), [lines]);
  const rows = lines.flatMap((line) => (line.kind === "sensor" ? [line.row] : []));
  const first = page * PAGE;
  const shown = rows.slice(first, first + PAGE);
  return (
    <div class="fleet-table scrolled">
      <table>
        <caption>
          {rows.length
            ? `Sensors ${count(first + 1)} to ${count(first + shown.length)} of ${count(rows.length)}, in the newest recorded hour`
            : "No sensor matches"}
        </caption>
        <thead>
          <tr>
            {HEADINGS.map((heading) => (
              <Heading key={heading.title} {...heading} isSorted={heading.sort === sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <SensorRow key={history.roster.id(row)} history={history} row={row} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
      {rows.length > PAGE && (
        <nav class="pages" aria-label="Pages of the table">
          <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Previous
          </button>
          <button type="button" disabled={first + PAGE >= rows.length} onClick={() => setPage(page + 1)}>
            Next
          </button>
        </nav>
      )}
    </div>
  );
}

interface HeadingFacts {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly sort?: Sort;
}

const HEADINGS: readonly HeadingFacts[] = [
  { title: "Sensor", sort: "name" },
  { title: "Device" },
  { title: "Tag" },
  { title: "State", sort: "trouble" },
  { title: "Readings", isNumber: true, sort: "readings" },
  { title: "Anomalies", isNumber: true },
  { title: "Rate", isNumber: true, sort: "rate" },
  { title: "Usual", isNumber: true },
  { title: "Model", sort: "model" },
  { title: "Last scored", sort: "success" },
  { title: "Why" },
];

interface HeadingProps extends HeadingFacts {
  readonly isSorted: boolean;
  readonly onSort: (sort: Sort) => void;
}

function Heading({ title, isNumber, sort, isSorted, onSort }: HeadingProps) {
  return (
    <th scope="col" class={isNumber ? "number" : ""} aria-sort={isSorted ? "other" : undefined}>
      {sort ? (
        <button type="button" class="link" onClick={() => onSort(sort)}>
          {title}
          {isSorted && <span aria-hidden="true"> ●</span>}
        </button>
      ) : (
        title
      )}
    </th>
  );
}

function SensorRow({
  history,
  row,
  onOpen,
}: {
  history: History;
  row: number;
  onOpen: (row: number) => void;
}) {
  const { roster, newest } = history;
  const cell = newest && history.cell(row, newest.hour);
  const rate = newest ? history.rateIn(row, newest) : null;
  const usual = roster.baseline(row);
  return (
    <tr>
      <th scope="row">
        <button type="button" class="link" onClick={() => onOpen(row)}>
          {roster.name(row)}
        </button>
      </th>
      <td>{roster.device(row)}</td>
      <td>{roster.tag(row)}</td>
      <td>
        {cell && MARK_NAMES[cell.mark]}
        {roster.isSpiking(row) && ", spiking"}
      </td>
      <td class="number">{cell && count(cell.readings)}</td>
      <td class="number">{cell && count(cell.anomalies)}</td>
      <td class="number">{rate === null ? "" : percent(rate)}</td>
      <td class="number">{usual === null ? "" : percent(usual)}</td>
      <td>{roster.version(row) ?? "none"}</td>
      <td>{lastScoredText(history, row)}</td>
      <td>{cell?.reason}</td>
    </tr>
  );
}

function lastScoredText(history: History, row: number): string {
  const last = history.lastScored(row);
  if (history.isLoadingAfter(last)) return "loading";
  return last === null ? "not in these hours" : textOf(last);
}
