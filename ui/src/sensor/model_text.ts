/** What is known of a model version, in words. */

import type { ModelVersion, TrainedOn } from "../api/sensor.ts";
import { count, counted, percent } from "../model/format.ts";

export function trainedText(trained: TrainedOn | null): string {
  if (!trained) return "elsewhere";
  return `${counted(trained.readings, "reading")}, ${trained.from} up to ${trained.until}`;
}

export function librariesText(trained: TrainedOn | null): string {
  return Object.entries(trained?.libraries ?? {})
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

/** How a version did on later readings, beside the one that was current then; empty if nobody compared it. */
export function comparedText({ compared }: Pick<ModelVersion, "compared">): string {
  if (!compared) return "";
  const known = MEASURES.flatMap(({ name, text }) => {
    const value = compared[name];
    return typeof value === "number" ? [text(value)] : [];
  });
  if (!known.length) return "";
  const readings =
    typeof compared.readings === "number" ? `On ${count(compared.readings)} later readings` : "Later";
  const beside = compared.with ? `, beside ${compared.with}` : "";
  return `${readings}${beside}: ${known.join(", ")}.`;
}

const MEASURES: readonly { readonly name: string; readonly text: (value: number) => string }[] = [
  { name: "anomaly_share", text: (value) => `anomaly rate ${percent(value)}` },
  { name: "drift", text: (value) => `drift ${value.toFixed(3)}` },
  { name: "changed_share", text: (value) => `${percent(value)} of the predictions changed` },
  { name: "precision", text: (value) => `precision ${value.toFixed(2)}` },
  { name: "recall", text: (value) => `recall ${value.toFixed(2)}` },
];
