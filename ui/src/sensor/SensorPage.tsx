/** The view Sensor: readings and scores of some hours, the model, the last runs, and what people said of spans. */

import { useState } from "preact/hooks";
import type { SensorView, View } from "../address.ts";
import type { Rights } from "../api/rights.ts";
import { fileOf } from "../api/sensor.ts";
import type { Theme } from "../frame/theme.ts";
import { percent } from "../model/format.ts";
import { displayOf, nameOf } from "../model/names.ts";
import type { Span } from "../model/readings.ts";
import { Empty } from "../widgets/Notice.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { LabelList } from "./LabelList.tsx";
import { LastRuns } from "./LastRuns.tsx";
import { ModelCard } from "./ModelCard.tsx";
import { ReadingsCharts } from "./ReadingsCharts.tsx";
import { SensorRange } from "./SensorRange.tsx";
import { SpanBar } from "./SpanBar.tsx";
import { useSensor } from "./use_sensor.ts";

interface SensorPageProps {
  readonly view: SensorView;
  readonly theme: Theme;
  readonly rights: Rights;
  readonly onView: (view: View, isNewEntry?: boolean) => void;
}

export function SensorPage({ view, theme, rights, onView }: SensorPageProps) {
  const place = usePlace();
  const sensor = useSensor(view.sensor, view.range);
  const { range, readings, labels } = sensor;
  const [span, setSpan] = useState<Span | null>(null);
  const [zoom, setZoom] = useState<Span | null>(null);
  const change = (next: SensorView["range"]) => {
    setSpan(null);
    setZoom(null);
    onView({ ...view, range: next });
  };
  const { device, tag } = readings.value ?? {};
  return (
    <div class="sensor scrolled">
      <header class="sensor-head">
        <div>
          <h1>{device && tag ? nameOf(view.sensor, device, tag) : displayOf(view.sensor)}</h1>
          <p class="soft">
            {device && `Device ${device}, tag ${tag}`}
            {readings.value?.baseline != null && `; usually ${percent(readings.value.baseline)} anomalies`}
          </p>
        </div>
        {range && <SensorRange range={range} onRange={change} />}
        {range && (
          <span class="downloads">
            <a href={fileOf(place, view.sensor, range, "csv")} download>
              CSV
            </a>
            <a href={fileOf(place, view.sensor, range, "parquet")} download>
              Parquet
            </a>
          </span>
        )}
      </header>
      {readings.error !== null && (
        <Problem error={readings.error} what="The readings cannot be shown" onRetry={sensor.reload} />
      )}
      {sensor.isEmptyFleet && (
        <Empty title="No hour has been recorded yet">The readings of scored hours come here.</Empty>
      )}
      {range && readings.value && (
        <ReadingsCharts
          readings={readings.value}
          range={range}
          labels={labels.value?.labels ?? []}
          {...{ theme, span, zoom }}
          onSpan={setSpan}
          onZoom={setZoom}
        />
      )}
      {!readings.value && readings.error === null && !sensor.isEmptyFleet && (
        <p class="loading">Loading readings …</p>
      )}
      {span && readings.value && (
        <SpanBar
          key={`${span.from} ${span.to}`}
          sensor={view.sensor}
          readings={readings.value}
          span={span}
          mayLabel={rights.label}
          onZoom={() => {
            setZoom(span);
            setSpan(null);
          }}
          onLabelled={() => {
            setSpan(null);
            sensor.reloadLabels();
          }}
          onClose={() => setSpan(null)}
        />
      )}
      <div class="sensor-cards">
        <LabelList
          sensor={view.sensor}
          labels={labels}
          mayLabel={rights.label}
          onShow={({ from, to }) => setSpan({ from, to })}
          onRemoved={sensor.reloadLabels}
        />
        <ModelCard sensor={view.sensor} />
        {range && (
          <LastRuns sensor={view.sensor} range={range} onRun={(run) => onView({ view: "run", run }, true)} />
        )}
      </div>
    </div>
  );
}
