// @vitest-environment happy-dom

import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Place } from "../src/api/place.ts";
import { CursorCell } from "../src/fleet/CursorCell.tsx";
import { FleetTable } from "../src/fleet/FleetTable.tsx";
import { RescoreDialog } from "../src/fleet/RescoreDialog.tsx";
import { RepairList } from "../src/gaps/RepairList.tsx";
import { LabelList } from "../src/sensor/LabelList.tsx";
import { SpanBar } from "../src/sensor/SpanBar.tsx";
import { PlaceContext } from "../src/widgets/place_context.ts";
import { H0, historyOf, record } from "./made.ts";

const PLACE = new Place("/root", "hourly_scoring", "");
const NASTY = "~3cimg~20src~3dx~20onerror~3dalert~281~29~3e_1";
let root: HTMLElement;
let requests: { method: string; address: string; body: unknown }[];
let answers: (address: string) => unknown;

beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
  requests = [];
  answers = () => ({});
  HTMLDialogElement.prototype.showModal ??= () => {};
  vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
    requests.push({ method: init.method ?? "GET", address, body: JSON.parse(String(init.body ?? "null")) });
    return new Response(JSON.stringify(answers(address)));
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

async function show(element: preact.ComponentChild): Promise<void> {
  await act(async () => render(<PlaceContext.Provider value={PLACE}>{element}</PlaceContext.Provider>, root));
}

async function shows(text: string): Promise<void> {
  await vi.waitFor(() => expect(root.textContent).toContain(text));
}

async function press(name: string): Promise<void> {
  const found = [...root.querySelectorAll("button")].find((button) =>
    button.textContent?.trim().startsWith(name),
  );
  expect(found, `a button ${name}`).toBeDefined();
  await act(async () => found?.click());
}

test("a sensor that is called like markup shows as text", async () => {
  const history = historyOf([
    record(H0, "F", { sensors: [NASTY], reasons: ["<b>bad</b>"], reason: { 0: 0 } }),
  ]);
  const lines = [{ kind: "sensor" as const, row: 0 }];
  await show(
    <>
      <FleetTable {...{ history, lines }} sort="trouble" onSort={() => {}} onOpen={() => {}} />
      <CursorCell history={history} lines={lines} cursor={{ line: 0, column: 0 }} />
    </>,
  );
  expect(root.querySelector("img, b")).toBeNull();
  expect(root.textContent).toContain("<img src=x onerror=alert(1)> / 1");
  expect(root.textContent).toContain("failed: <b>bad</b>");
});

test("scoring again first shows what Airflow would clear, and clears only when told to", async () => {
  const run = { hour: "2018-08-29T02", dag_run_id: "run 1", map_indexes: [3, 5], batch_tasks: 2 };
  answers = () => ({ task_instances: [{ task_id: "score", map_index: 3, rendered_map_index: "1_4" }] });
  const plan = { runs: [run], batchTasks: 2, withoutRun: ["2018-08-29T03"], unplanned: 0, isCrowded: false };
  await show(<RescoreDialog plan={plan} onClose={() => {}} />);
  const asked = {
    method: "POST",
    address: "/root/api/v2/dags/hourly_scoring/clearTaskInstances",
    body: {
      dry_run: true,
      dag_run_id: "run 1",
      task_ids: [
        ["score", 3],
        ["score", 5],
      ],
      only_failed: false,
      only_running: false,
    },
  };
  expect(requests).toEqual([asked]);
  await shows("Airflow would clear 1 task instance in 1 run. That makes 2 Batch tasks");
  expect(root.textContent).toContain("left out: 2018-08-29T03");
  await press("Re-score");
  expect(requests[1]).toEqual({ ...asked, body: { ...asked.body, dry_run: false } });
  await shows("Airflow has cleared 1 task instance");
});

test("who may not start a repair reads the command, and gets no button", async () => {
  const repair = {
    action: "trigger" as const,
    hours: ["2018-08-29T02"],
    also: 0,
    command: "airflow dags trigger",
    body: { conf: { hour: "2018-08-29T02" } },
  };
  const may = (trigger: boolean) => ({ clear: false, backfill: false, label: false, trigger });
  const list = (trigger: boolean) => (
    <RepairList
      repairs={{ value: [repair], error: null }}
      rights={may(trigger)}
      isBackfilling={false}
      onStarted={() => {}}
      onDone={() => {}}
      onRetry={() => {}}
    />
  );
  await show(list(false));
  expect(root.querySelector("button")).toBeNull();
  expect(root.textContent).toContain("airflow dags trigger");
  await show(list(true));
  await press("Trigger");
  expect(requests).toEqual([]);
  await shows("Airflow would start 1 run");
});

test("a span is labelled with its ends, its kind and the note", async () => {
  const onLabelled = vi.fn();
  const readings = {
    ...{ sensor: "1_4", device: "1", tag: "4", features: ["Value"], values: [[1, 2]], score: [0.1, -0.1] },
    ...{ ts: [1000, 2000], anomaly: [0, 1] as const, threshold: 0, hours: [], baseline: null },
  };
  await show(
    <SpanBar
      sensor="1_4"
      readings={readings}
      span={{ from: 900, to: 2000 }}
      mayLabel
      onZoom={() => {}}
      onLabelled={onLabelled}
      onClose={() => {}}
    />,
  );
  expect(root.textContent).toContain("2 readings, 1 anomaly");
  const note = root.querySelector("input");
  await act(async () => {
    if (note) note.value = " leak ";
    note?.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await press("False alarm");
  expect(requests).toEqual([
    {
      method: "POST",
      address: "/root/sensor-scoring/api/dags/hourly_scoring/sensors/1_4/labels",
      body: { from: 900, to: 2000, kind: "false alarm", note: "leak" },
    },
  ]);
  await vi.waitFor(() => expect(onLabelled).toHaveBeenCalledOnce());
});

test("a label says who gave it, and is deleted by those who may", async () => {
  const label = {
    ...{ id: "x-1", from: 0, to: 60_000, kind: "real" as const, note: "<i>pump</i>" },
    ...{ by: "ada", at: "2018-08-29T03:00:00Z" },
  };
  const onRemoved = vi.fn();
  const list = (mayLabel: boolean) => (
    <LabelList
      sensor="1_4"
      labels={{ value: { labels: [label], problems: [] }, error: null }}
      mayLabel={mayLabel}
      onShow={() => {}}
      onRemoved={onRemoved}
    />
  );
  await show(list(false));
  expect(root.textContent).toContain("<i>pump</i>");
  expect(root.textContent).toContain("ada, 2018-08-29 03:00:00 UTC");
  expect(root.textContent).not.toContain("Delete");
  await show(list(true));
  await press("Delete");
  expect(requests[0]).toMatchObject({ method: "DELETE", address: expect.stringContaining("/labels/x-1") });
  await vi.waitFor(() => expect(onRemoved).toHaveBeenCalledOnce());
});
