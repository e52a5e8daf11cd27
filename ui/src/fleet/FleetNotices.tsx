/** What a reader of the map should know before believing it. */

import { age, counted } from "../model/format.ts";
import { endOf, spanOf, textOf } from "../model/hour.ts";
import { Empty, Notice } from "../widgets/Notice.tsx";
import type { Watched } from "./use_history.ts";

interface FleetNoticesProps {
  readonly watched: Watched;
  readonly isFollowing: boolean;
  readonly isStale: boolean;
  readonly matches: number;
  readonly onSortAgain: () => void;
  readonly onShowAll: () => void;
  readonly onGaps: () => void;
}

/** Hours that the newest record may be behind before the page says so. */
const LATE_HOURS = 2;

export function FleetNotices(props: FleetNoticesProps) {
  const { history, state } = props.watched;
  const { newest, failures, settled } = history;
  const behind = newest ? settled - newest.hour : 0;
  const isEmptyRange = state === "complete" && !newest && !failures.size;
  const failed = [...failures.keys()];
  return (
    <>
      {props.isFollowing && newest && behind >= LATE_HOURS && (
        <Notice tone="warning">
          No hour has been recorded for {age(history.now - endOf(newest.hour))}; the newest is{" "}
          {spanOf(newest.hour)} UTC. Is the DAG paused, or its run late?{" "}
          <button type="button" class="link" onClick={props.onGaps}>
            Show the gaps
          </button>
        </Notice>
      )}
      {isEmptyRange && (
        <Notice>
          Nothing is recorded of these hours. Choose others, or see{" "}
          <button type="button" class="link" onClick={props.onGaps}>
            their gaps
          </button>{" "}
          and how to fill them.
        </Notice>
      )}
      {failed.length > 0 && (
        <Notice tone="error" title={`${counted(failed.length, "record")} cannot be read`}>
          {textOf(failed[0] ?? 0)}: {failures.get(failed[0] ?? 0)}{" "}
          <button type="button" class="link" onClick={props.watched.reload}>
            Try again
          </button>
        </Notice>
      )}
      {props.isStale && (
        <Notice>
          There is news; the order is still the one from before.{" "}
          <button type="button" class="link" onClick={props.onSortAgain}>
            Sort again
          </button>
        </Notice>
      )}
      {newest && props.matches === 0 && (
        <Notice>
          No sensor matches.{" "}
          <button type="button" class="link" onClick={props.onShowAll}>
            Show all {counted(history.roster.size, "sensor")}
          </button>
        </Notice>
      )}
    </>
  );
}

export function NoHours() {
  return (
    <Empty title="No hour has been recorded yet">
      <p>
        A run of the DAG writes the record of its hour when it has summed it up. Unpause the DAG, or trigger
        it with the parameter <code>hour</code>; this page then fills by itself.
      </p>
      <p class="soft">
        For hours that were scored before this page came, <code>python -m sensor_scoring.fleet rebuild</code>{" "}
        makes the records from what the runs left.
      </p>
    </Empty>
  );
}
