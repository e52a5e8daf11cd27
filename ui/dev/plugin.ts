/** Serves a made-up fleet beside Vite's development server: `SENSORS=20000 npm run dev`. */

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { hourOf } from "../src/model/hour.ts";
import { MadeAirflow } from "./airflow.ts";
import { MadeFleet } from "./fleet.ts";
import { type Routes, routesOf } from "./routes.ts";

const NEWEST = hourOf("2018-08-29T02") ?? 0;

export function generatedFleet(): Plugin {
  return {
    name: "generated-fleet",
    apply: "serve",
    configureServer: ({ middlewares }) => {
      const routes = routesOf(new MadeFleet(Number(process.env.SENSORS ?? 120), NEWEST));
      const answers = new Map<string, Buffer>();
      const airflow = new MadeAirflow();
      middlewares.use("/api/v2", (request, response, next) => {
        answer(request, response, (question) => airflow.answer(question), new Map()).catch(next);
      });
      middlewares.use("/sensor-scoring/api/dags/hourly_scoring", (request, response, next) => {
        answer(request, response, routes, answers).catch(next);
      });
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  kept: Map<string, Buffer>,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const held = kept.get(request.url ?? "");
  if (held) return send(request, response, held);
  const body = request.method === "GET" ? null : await bodyOf(request);
  const found = routes({ method: request.method ?? "GET", path: pathname, query: searchParams, body });
  if (!found) {
    response.statusCode = found === null ? 204 : 404;
    response.end(found === null ? "" : '{"detail": "There is no such route."}');
    return;
  }
  const packed = gzipSync(JSON.stringify(found));
  // Making a large record takes longer than a server takes to read one.
  if (pathname.startsWith("/hours/") || pathname === "/sensors") kept.set(request.url ?? "", packed);
  send(request, response, packed);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : null;
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
