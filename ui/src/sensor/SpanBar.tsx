/** The chosen span of a sensor: zoom into it, or say what it was. */

import { useState } from "preact/hooks";
import { addLabel, type LabelKind, type ReadingsAnswer } from "../api/sensor.ts";
import { counted, moment } from "../model/format.ts";
import { inSpan, type Span } from "../model/readings.ts";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { LABEL_KINDS } from "./label_kinds.ts";

interface SpanBarProps {
  readonly sensor: string;
  readonly readings: ReadingsAnswer;
  readonly span: Span;
  readonly mayLabel: boolean;
  readonly onZoom: () => void;
  readonly onLabelled: () => void;
  readonly onClose: () => void;
}

const LONGEST_NOTE = 500;

export function SpanBar({ sensor, readings, span, mayLabel, onZoom, onLabelled, onClose }: SpanBarProps) {
  const place = usePlace();
  const [note, setNote] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const held = inSpan(readings, span);
  const label = async (kind: LabelKind) => {
    setIsBusy(true);
    setError(null);
    try {
      await addLabel(place, sensor, { ...span, kind, note: note.trim() });
      onLabelled();
    } catch (refusal) {
      setError(refusal);
      setIsBusy(false);
    }
  };
  const isPoint = span.from === span.to;
  return (
    <div class="selection-bar span-bar" role="region" aria-label="The chosen span">
      <span>
        <strong>{isPoint ? moment(span.from) : `${moment(span.from)} – ${moment(span.to)}`}</strong>{" "}
        <span class="soft">
          {counted(held.readings, "reading")}, {held.anomalies}{" "}
          {held.anomalies === 1 ? "anomaly" : "anomalies"}
        </span>
      </span>
      {!isPoint && (
        <button type="button" onClick={onZoom}>
          Zoom in
        </button>
      )}
      {mayLabel ? (
        <span class="labelling">
          <input
            type="text"
            aria-label="Note"
            placeholder="Note (optional)"
            maxLength={LONGEST_NOTE}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
          {LABEL_KINDS.map(({ kind, name, meaning }) => (
            <button
              type="button"
              key={kind}
              disabled={isBusy}
              title={meaning}
              onClick={() => void label(kind)}
            >
              <span class={`dot ${kind.replace(" ", "-")}`} aria-hidden="true" /> {name}
            </button>
          ))}
        </span>
      ) : (
        <span class="soft">Your role in Airflow may look, and not label.</span>
      )}
      <button type="button" class="plain" onClick={onClose}>
        Cancel
      </button>
      {error !== null && <Problem error={error} what="The label was not stored" />}
    </div>
  );
}
