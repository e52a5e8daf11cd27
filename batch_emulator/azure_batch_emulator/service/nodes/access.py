"""Users of nodes, and nodes' logs. Nobody can really sign in: a node here is a folder, not a machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.confined.folder import Area
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import parse_moment, stamp
from azure_batch_emulator.records.nodes import NodeUser
from azure_batch_emulator.runner.log_delivery import LogDelivery
from azure_batch_emulator.service.attempts import directories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.service.core import EngineCore

USER_LASTS = timedelta(days=1)
"""How long a user exists whose creator did not say."""


class NodeAccess:
    """Who may sign in to a node, as far as anybody can tell from outside."""

    def __init__(self, core: EngineCore) -> None:
        self._core = core

    def add_user(self, node: Node, body: Mapping[str, Any]) -> None:
        """Make a user.

        :raises ApiError: if the name is taken, or the node is no machine now
        """
        check_up(node)
        if self._user(node, str(body["name"])) is not None:
            raise ApiError.conflict("NodeUserExists", "The specified node user already exists.")
        user = NodeUser(body["name"], self._expiry(body), is_admin=bool(body.get("isAdmin")))
        self._set(node, user.name, user)

    def replace_user(self, node: Node, name: str, body: Mapping[str, Any]) -> None:
        """Give a user another password, key or expiry; what is absent is not kept.

        :raises ApiError: if there is none of that name
        """
        check_up(node)
        self._set(node, name, replace(self._known(node, name), expires=self._expiry(body)))

    def remove_user(self, node: Node, name: str) -> None:
        """Let a user be gone.

        :raises ApiError: if there is none of that name
        """
        check_up(node)
        self._known(node, name)
        self._set(node, name, None)

    def send_log(self, pool: Pool, node: Node, container_url: str) -> str:
        """Begin to send what is known of a node's life to a container.

        :return: folder in the container
        :raises ApiError: if the node is no machine now
        """
        check_up(node)
        folder = f"{pool.id}/{node.id}/{self._core.next_number()}"
        root = directories.node_root(self._core.settings.data, pool.id, node.id)
        text = "".join(f"{line}\n" for line in self._story(pool, node))
        area = Area(self._core.settings.data, root / "volatile")
        delivery = LogDelivery(text, area, container_url, f"{folder}/agent.log")
        self._core.once_kept(delivery.begin)
        return folder

    def _story(self, pool: Pool, node: Node) -> Iterator[str]:
        yield f"{stamp(node.allocated)} node {node.id} of pool {pool.id} allocated"
        if node.booted is not None:
            yield f"{stamp(node.booted)} booted"
        yield f"{stamp(node.state_since)} {node.state}"
        for recent in node.recent:
            job = self._core.account.jobs.get(recent.job_id.lower())
            task = job.tasks.get(recent.task_id) if job is not None else None
            if task is not None and task.execution.started is not None:
                yield f"{stamp(task.execution.started)} task {recent.job_id}/{recent.task_id} started"
            if task is not None and task.execution.ended is not None:
                code = task.execution.exit_code
                yield f"{stamp(task.execution.ended)} task {recent.job_id}/{recent.task_id} ended: {code}"
        for error in node.errors:
            yield f"{stamp(node.state_since)} error {error.code}: {error.message}"

    def _expiry(self, body: Mapping[str, Any]) -> datetime:
        given = body.get("expiryTime")
        return parse_moment(given) if given else self._core.now + USER_LASTS

    def _user(self, node: Node, name: str) -> NodeUser | None:
        alive = (user for user in node.users if user.expires > self._core.now)
        return next((user for user in alive if user.name == name), None)

    def _known(self, node: Node, name: str) -> NodeUser:
        user = self._user(node, name)
        if user is None:
            raise ApiError(404, "NodeUserNotFound", "The specified node user does not exist.")
        return user

    def _set(self, node: Node, name: str, user: NodeUser | None) -> None:
        others = tuple(other for other in node.users if other.name != name)
        node.users = (*others, user) if user is not None else others
        self._core.account.changes.note(node)


def check_up(node: Node) -> None:
    """Refuse to reach into a node that is no machine now.

    :raises ApiError: saying what it is instead
    """
    if not node.is_machine:
        message = f"The node cannot be reached while it is {node.state}."
        raise ApiError.conflict("OperationNotValidOnNode", message, NodeState=node.state)
