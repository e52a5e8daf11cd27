/** The Batch jobs of a run. */

import type { BatchJob } from "../api/run.ts";
import { count, moment } from "../model/format.ts";

export function JobTable({ jobs }: { jobs: readonly BatchJob[] }) {
  if (!jobs.length) return null;
  return (
    <section class="panel">
      <h2>Batch jobs</h2>
      {jobs.map((job) => (
        <div key={job.id} class="job">
          <code>{job.id}</code>
          <p>
            {job.state}: {count(job.active)} waiting, {count(job.running)} running, {count(job.succeeded)}{" "}
            succeeded, {count(job.failed)} failed
          </p>
          <p class="soft">
            {job.created && `created ${moment(Date.parse(job.created))}`}
            {job.ended && `, ended ${moment(Date.parse(job.ended))}`}
            {job.why_ended && ` (${job.why_ended})`}
          </p>
        </div>
      ))}
    </section>
  );
}
