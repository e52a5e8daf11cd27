/** The lines of the map; they keep their order under a reader's eyes. */

import { useRef } from "preact/hooks";
import type { FleetView } from "../address.ts";
import { type Line, linesOf } from "../model/lines.ts";
import type { Watched } from "./use_history.ts";

export interface Lines {
  readonly lines: readonly Line[];
  /** Whether something has come since that might change the order. */
  readonly isStale: boolean;
}

/**
 * Arrange the sensors: anew when a person asks for something else, and when new data come unless they are held.
 *
 * @param isHeld - whether somebody is in the middle of the list
 */
export function useLines(
  watched: Watched,
  view: FleetView,
  collapsed: ReadonlySet<string>,
  isHeld: boolean,
  sortedAgain: number,
): Lines {
  const made = useRef<{
    asked: string;
    collapsed: ReadonlySet<string>;
    orderVersion: number;
    lines: Line[];
  } | null>(null);
  const { sort, isReversed, isGrouped, text, device, state, range, hours } = view;
  const asked = JSON.stringify([sort, isReversed, isGrouped, text, device, state, range, hours, sortedAgain]);
  const { history, orderVersion } = watched;
  const isSame = made.current?.asked === asked && made.current.collapsed === collapsed;
  const isCurrent = made.current?.orderVersion === orderVersion;
  const isKept = isSame && (isCurrent || (isHeld && watched.state === "complete"));
  if (!isKept) made.current = { asked, collapsed, orderVersion, lines: linesOf(history, view, collapsed) };
  return { lines: made.current?.lines ?? [], isStale: isKept && !isCurrent };
}
