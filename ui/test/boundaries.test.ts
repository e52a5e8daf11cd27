import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "../src");
const FILES = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.tsx?$/.test(name),
);

/** What a file imports to run: types leave no trace in the bundle. */
function importsOf(file: string): string[] {
  const found = [...read(file).matchAll(/^import (?!type )[^;]*?from "(.+?)";/gms)];
  return found.map(([, from]) => from ?? "");
}

function read(file: string): string {
  return readFileSync(join(SOURCES, file), "utf8");
}

test("the model is pure: it imports nothing but itself", () => {
  const model = FILES.filter((file) => file.startsWith("model/"));
  expect(model.length).toBeGreaterThan(10);
  expect(model.flatMap(importsOf).filter((from) => !from.startsWith("./"))).toEqual([]);
});

test.each([
  ["only the api asks a server", /\bfetch\(|XMLHttpRequest|sendBeacon/, /^api\//],
  ["only navigation touches Airflow's window", /window\.(parent|top)\b/, /^(frame\/|widgets\/Problem)/],
  [
    "nothing writes markup from text",
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerously/,
    /^$/,
  ],
  ["nothing is loaded from elsewhere", /https?:\/\/(?!airflow\.apache\.org\/docs)/, /^$/],
])("%s", (_, pattern, allowed) => {
  expect(FILES.filter((file) => pattern.test(read(file)) && !allowed.test(file))).toEqual([]);
});

test("files stay small", () => {
  expect(FILES.filter((file) => read(file).split("\n").length > 250)).toEqual([]);
});
