/** What a person can say of a span, and what training makes of it. */

import type { LabelKind } from "../api/sensor.ts";

export const LABEL_KINDS: readonly {
  readonly kind: LabelKind;
  readonly name: string;
  readonly meaning: string;
}[] = [
  { kind: "real", name: "Real", meaning: "What was flagged here is an anomaly" },
  { kind: "false alarm", name: "False alarm", meaning: "All of this is normal" },
  {
    kind: "maintenance",
    name: "Maintenance",
    meaning: "None of this counts, neither in training nor in its gate",
  },
];
