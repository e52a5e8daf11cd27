// Drives a Batch account through @azure/batch: node drive.cjs ENDPOINT ACCOUNT; the key comes in BATCH_KEY.
// Prints one line of JSON with what it saw.
const { BatchServiceClient, BatchSharedKeyCredentials } = require("@azure/batch");

const [endpoint, account] = process.argv.slice(2);
const client = new BatchServiceClient(new BatchSharedKeyCredentials(account, process.env.BATCH_KEY), endpoint);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function text(answer) {
  const parts = [];
  for await (const part of answer.readableStreamBody) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function main() {
  await client.pool.add({
    id: "js",
    vmSize: "standard_d2s_v5",
    targetDedicatedNodes: 1,
    virtualMachineConfiguration: {
      imageReference: { publisher: "microsoft-dsvm", offer: "ubuntu-hpc", sku: "2204", version: "latest" },
      nodeAgentSKUId: "batch.node.ubuntu 22.04",
    },
  });
  await client.job.add({ id: "js", poolInfo: { poolId: "js" } });
  await client.task.add("js", { id: "one", commandLine: "/bin/sh -c 'echo hello'" });
  const many = ["two", "three", "four"].map((id) => ({ id, commandLine: "/bin/true" }));
  const added = await client.task.addCollection("js", many);
  let completed = [];
  while (completed.length < 4) {
    await pause(50);
    completed = await client.task.list("js", {
      taskListOptions: { filter: "state eq 'completed'", select: "id,state", maxResults: 100 },
    });
  }
  const printed = await text(await client.file.getFromTask("js", "one", "stdout.txt"));
  await client.task.deleteMethod("js", "one");
  await client.job.deleteMethod("js");
  await client.pool.deleteMethod("js");
  const refused = await client.task.get("js", "one").catch((error) => error.body.code);
  console.log(JSON.stringify({
    added: added.value.map((result) => result.status),
    completed: completed.map((task) => task.id).sort(),
    printed,
    refused,
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
