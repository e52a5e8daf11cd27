/** The nodes of the pool: how many are in which state, and each since when. */

import type { PoolAnswer } from "../api/run.ts";
import { age, count, moment } from "../model/format.ts";

export function NodeTable({ pool }: { pool: PoolAnswer }) {
  const now = Date.parse(pool.as_of);
  if (!pool.nodes.length) return <p class="soft">There is no node now.</p>;
  return (
    <>
      <p class="node-states">
        {Object.entries(pool.states).map(([state, number]) => (
          <span key={state} class={`badge node-${state}`}>
            {count(number)} {state}
          </span>
        ))}
      </p>
      <div class="scrolled node-list">
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">State</th>
              <th scope="col">For</th>
              <th scope="col">Kind</th>
              <th scope="col" class="number">
                Batch tasks
              </th>
              <th scope="col">Allocated</th>
            </tr>
          </thead>
          <tbody>
            {pool.nodes.map((node) => (
              <tr key={node.id}>
                <th scope="row">{node.id}</th>
                <td>
                  {node.state}
                  {node.errors.map((error) => (
                    <p key={error} class="bad">
                      {error}
                    </p>
                  ))}
                </td>
                <td>{node.since && age(now - Date.parse(node.since))}</td>
                <td>{node.is_spot ? "Spot" : "dedicated"}</td>
                <td class="number">{count(node.running)}</td>
                <td>{node.allocated && moment(Date.parse(node.allocated))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
