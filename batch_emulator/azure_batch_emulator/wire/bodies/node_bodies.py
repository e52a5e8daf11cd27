"""The bodies of operations on nodes, in wire names."""

from __future__ import annotations

from azure_batch_emulator.wire.bodies.kinds import choice, moment, switch, text, word
from azure_batch_emulator.wire.bodies.schema import Schema
from azure_batch_emulator.wire.bodies.task_bodies import IDENTITY

_WHAT_BECOMES_OF_TASKS = choice("requeue", "terminate", "taskcompletion", "retaineddata")
REBOOT = Schema({"nodeRebootOption": _WHAT_BECOMES_OF_TASKS})
REIMAGE = Schema({"nodeReimageOption": _WHAT_BECOMES_OF_TASKS})
DEALLOCATE = Schema({"nodeDeallocateOption": _WHAT_BECOMES_OF_TASKS})
DISABLE_SCHEDULING = Schema({"nodeDisableSchedulingOption": choice("requeue", "terminate", "taskcompletion")})
NODE_USER_PATCH = Schema({"password": text, "sshPublicKey": text, "expiryTime": moment})
NODE_USER = Schema({**NODE_USER_PATCH.properties, "name": word, "isAdmin": switch}, required="name")
NODE_LOGS = Schema(
    {"containerUrl": word, "startTime": moment, "endTime": moment, "identityReference": IDENTITY},
    required="containerUrl startTime",
)
