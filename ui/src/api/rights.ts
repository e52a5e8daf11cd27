/** What Airflow lets the viewer do. Only buttons depend on it: each request is checked again where it arrives. */

import type { Place } from "./place.ts";
import { getJson } from "./request.ts";

export interface Rights {
  /** Clear task instances, which scores their sensors again. */
  readonly clear: boolean;
  readonly backfill: boolean;
  readonly trigger: boolean;
  readonly label: boolean;
}

export const NONE: Rights = { clear: false, backfill: false, trigger: false, label: false };

export function rightsOf(place: Place): Promise<Rights> {
  return getJson(place.api("rights"));
}
