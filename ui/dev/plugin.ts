/** Serves a made-up fleet beside Vite's development server: `SENSORS=20000 npx vite`. */

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { type Hour, hourOf, hoursBetween, textOf } from "../src/model/hour.ts";
import { MadeFleet } from "./fleet.ts";

const NEWEST = hourOf("2018-08-29T02") ?? 0;
const NOW = "2018-08-29T03:20:00Z";
const GAPS = new Set(["2018-08-28T09", "2018-08-28T10"]);
const RECORDED = 24 * 9;

export function generatedFleet(): Plugin {
  return {
    name: "generated-fleet",
    apply: "serve",
    configureServer: ({ middlewares }) => {
      const routes = routesOf(new MadeFleet(Number(process.env.SENSORS ?? 120), NEWEST));
      middlewares.use("/sensor-scoring/api/dags/hourly_scoring", (request, response, next) => {
        const address = new URL(request.url ?? "/", "http://localhost");
        const made = routes(address.pathname, address.searchParams);
        if (made) send(request, response, made);
        else next();
      });
    },
  };
}

function routesOf(fleet: MadeFleet): (path: string, query: URLSearchParams) => Buffer | null {
  const kept = new Map<string, Buffer>();
  const once = (key: string, make: () => object): Buffer => {
    const made = kept.get(key) ?? gzipSync(JSON.stringify(make()));
    kept.set(key, made);
    return made;
  };
  return (path, query) => {
    if (path === "/hours") return once(`${query}`, () => hours(query));
    if (path === "/sensors") return once(path, () => fleet.sensors());
    if (path === "/rights")
      return once(path, () => ({ clear: true, backfill: true, trigger: true, label: true }));
    const hour = hourOf(path.replace("/hours/", ""));
    return hour === null ? null : once(path, () => fleet.record(hour));
  };
}

function hours(query: URLSearchParams): object {
  const to = hourOf(query.get("to") ?? "") ?? NEWEST;
  const from = hourOf(query.get("from") ?? "") ?? to - 47;
  const isThere = (hour: Hour) => hour <= NEWEST && hour > NEWEST - RECORDED && !GAPS.has(textOf(hour));
  const listed = hoursBetween(from, to).filter(isThere);
  return {
    from: textOf(from),
    to: textOf(to),
    now: NOW,
    settled: textOf(NEWEST),
    hours: listed.map((hour) => ({ hour: textOf(hour), etag: `"${hour}"`, size: 1 })),
  };
}

function send(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
  response.setHeader("ETag", etag);
  response.setHeader("Content-Type", "application/json");
  response.setHeader("Cache-Control", "private, no-cache");
  if (request.headers["if-none-match"] === etag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.setHeader("Content-Encoding", "gzip");
  response.end(body);
}
