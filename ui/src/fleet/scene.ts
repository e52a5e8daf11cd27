/** Everything that a picture of the map shows. */

import type { History } from "../model/history.ts";
import type { Line } from "../model/lines.ts";
import type { Selection, Spot } from "../model/selection.ts";
import type { Column } from "./columns.ts";
import type { Geometry } from "./geometry.ts";
import type { Palette } from "./palette.ts";

export interface Scene {
  readonly geometry: Geometry;
  readonly history: History;
  readonly lines: readonly Line[];
  readonly columns: readonly Column[];
  readonly collapsed: ReadonlySet<string>;
  readonly palette: Palette;
  readonly hover: Spot | null;
  readonly cursor: Spot | null;
  readonly selection: Selection | null;
}
