/** The Batch jobs that work on the pool. */

import type { PoolAnswer } from "../api/run.ts";
import { count, counted, moment } from "../model/format.ts";

export function PoolJobs({ pool }: { pool: PoolAnswer }) {
  return (
    <>
      {pool.jobs.length === 0 && <p class="soft">No run of this deployment is at work.</p>}
      {pool.jobs.map((job) => (
        <div key={job.id} class="job">
          <code>{job.id}</code>
          <p>
            {job.state}
            {job.active !== null && `: ${count(job.active)} waiting, ${count(job.running ?? 0)} running`}
          </p>
          <p class="soft">
            {job.created && `created ${moment(Date.parse(job.created))}, `}priority {job.priority}
          </p>
        </div>
      ))}
      {pool.other_jobs > 0 && <p class="soft">{counted(pool.other_jobs, "active job")} of others, too.</p>}
    </>
  );
}
