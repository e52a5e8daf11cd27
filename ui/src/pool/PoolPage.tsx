/** The view Pool: its nodes, the work on it, how it scales, and what will happen next. */

import { lookAtPool, type NodeCounts, type PoolAnswer } from "../api/run.ts";
import { count, moment } from "../model/format.ts";
import { type Fact, Facts } from "../widgets/Facts.tsx";
import { Formula } from "../widgets/Formula.tsx";
import { Notice } from "../widgets/Notice.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { Unknown } from "../widgets/Unknown.tsx";
import { useAnswer } from "../widgets/use_answer.ts";
import { useEvery } from "../widgets/use_every.ts";
import { NodeTable } from "./NodeTable.tsx";
import { PoolJobs } from "./PoolJobs.tsx";

const LIVE_MS = 5000;

export function PoolPage() {
  const place = usePlace();
  const [look, again] = useAnswer("pool", (signal) => lookAtPool(place, signal));
  useEvery(LIVE_MS, again);
  const pool = look.value;
  return (
    <div class="run scrolled">
      {look.error !== null && <Problem error={look.error} what="The pool cannot be shown" onRetry={again} />}
      {pool === null && look.error === null && <p class="loading">Looking at the pool …</p>}
      {pool && (
        <>
          <header class="run-head">
            <h1>
              Pool <code>{pool.id}</code>
            </h1>
            <span class="badge">{pool.state ?? "state unknown"}</span>
            <span class="soft">as of {moment(Date.parse(pool.as_of))}</span>
          </header>
          <Unknown parts={pool.unknown} />
          {pool.errors.map((error) => (
            <Notice key={error} tone="error">
              {error}
            </Notice>
          ))}
          <div class="pool-columns">
            <div>
              <section class="panel">
                <h2>Now</h2>
                <Facts facts={factsOf(pool)} />
              </section>
              <WhatNext pool={pool} />
              <section class="panel">
                <h2>Batch jobs</h2>
                <PoolJobs pool={pool} />
              </section>
            </div>
            <div>
              <section class="panel">
                <h2>Nodes</h2>
                <NodeTable pool={pool} />
              </section>
              <section class="panel">
                <h2>Autoscale formula</h2>
                <Formula
                  formula={pool.formula}
                  evaluatedAt={pool.evaluation?.at ?? null}
                  result={pool.evaluation?.result ?? {}}
                  error={pool.evaluation?.error ?? null}
                  without={
                    pool.scales === "fixed size" ? "The pool has a fixed size." : "No formula is known."
                  }
                />
              </section>
            </div>
          </div>
        </>
      )}
    </div>
  );
}

function WhatNext({ pool }: { pool: PoolAnswer }) {
  return (
    <section class="panel">
      <h2>What happens next</h2>
      {pool.next?.sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {!pool.next && <p class="soft">Nobody knows without a pool; the next run makes one.</p>}
      {pool.review.length > 0 && (
        <>
          <h3>Not as the settings make it</h3>
          <ul class="plain-list">
            {pool.review.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function factsOf(pool: PoolAnswer): Fact[] {
  const facts: Fact[] = [
    ["Nodes", nodes(pool.current)],
    ["Nodes wanted", nodes(pool.target)],
    ["Waiting Batch tasks", pool.queue === null ? "unknown" : count(pool.queue)],
    ["Scales by", pool.scales ?? "unknown"],
  ];
  if (pool.interval_seconds !== null)
    facts.push(["Evaluated every", `${Math.round(pool.interval_seconds / 60)} min`]);
  if (pool.vm_size) facts.push(["VM size", pool.vm_size]);
  if (pool.slots_per_node !== null) facts.push(["Task slots per node", String(pool.slots_per_node)]);
  if (pool.allocation_state) {
    const since = pool.allocation_since ? `, since ${moment(Date.parse(pool.allocation_since))}` : "";
    facts.push(["Allocation", pool.allocation_state + since]);
  }
  return facts;
}

function nodes(counts: NodeCounts | null): string {
  if (!counts) return "unknown";
  return counts.spot ? `${counts.dedicated} dedicated, ${counts.spot} Spot` : `${counts.dedicated} dedicated`;
}
