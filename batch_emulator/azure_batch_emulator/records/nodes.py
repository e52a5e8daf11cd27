"""One node of a pool, and which of a pool's nodes has room."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from azure_batch_emulator.records.changes import DERIVED, Changes
from azure_batch_emulator.records.states import NODE_MOVES, NodeState, next_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from azure_batch_emulator.records.tasks import Execution

RECENT_TASKS = 10
WORKING = frozenset({NodeState.IDLE, NodeState.RUNNING})
GONE = frozenset({NodeState.LEAVING_POOL})
AWAY = frozenset({NodeState.PREEMPTED, NodeState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class RecentTask:
    """A line in a node's list of what it did lately."""

    job_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class NodeError:
    """Why a node is of no use."""

    code: str
    message: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NodeUser:
    """Somebody who could sign in. Passwords and keys are not kept: nobody is let in with them."""

    name: str
    expires: datetime
    is_admin: bool = False


@dataclass(slots=True, eq=False)
class Node:
    """One virtual machine, or what stands for it here: a folder and some slots."""

    id: str
    is_dedicated: bool
    slots: int
    address: str
    allocated: datetime
    state_since: datetime
    state: NodeState = NodeState.CREATING
    accepts_tasks: bool = True
    booted: datetime | None = None
    attempts: dict[int, int] = field(default_factory=dict, metadata=DERIVED)
    """Attempts on the node now: attempt id to slots taken, none for preparation and release."""
    tasks_run: int = 0
    tasks_succeeded: int = 0
    recent: deque[RecentTask] = field(default_factory=lambda: deque(maxlen=RECENT_TASKS))
    start_task: Execution | None = field(default=None, metadata=DERIVED)
    """How the start task went, or goes; None if the pool has none, and until it runs after a restart."""
    start_task_attempt: int | None = field(default=None, metadata=DERIVED)
    pool_number: int = 0
    """The pool it belongs to."""
    number: int = 0
    """Which of the pool's nodes it is; never used twice."""
    errors: tuple[NodeError, ...] = ()
    users: tuple[NodeUser, ...] = ()
    keeps_data: bool = False
    """Whether it leaves only after the retention times of its tasks."""
    returns: datetime | None = None
    """When a machine that is away is replaced."""

    @property
    def free_slots(self) -> int:
        """Tell how many slots nobody occupies."""
        return self.slots - sum(self.attempts.values())

    @property
    def running_tasks(self) -> int:
        """Tell how many tasks are on the node, those that prepare or release it left out."""
        return sum(slots > 0 for slots in self.attempts.values())

    @property
    def is_staying(self) -> bool:
        """Tell whether the node is not on its way out of the pool."""
        return self.state is not NodeState.LEAVING_POOL

    @property
    def is_away(self) -> bool:
        """Tell whether the machine was taken away and another is to come in its place."""
        return self.state in AWAY

    @property
    def is_machine(self) -> bool:
        """Tell whether there is a machine, on its way up or well or not, that can be taken away."""
        missing = self.is_away or self.state in {NodeState.CREATING, NodeState.DEALLOCATED}
        return self.is_staying and not missing

    def move(self, event: str, *, now: datetime) -> None:
        """Change state by the table.

        :raises IllegalMove: if the present state does not answer to ``event``
        """
        self.state = next_state(NODE_MOVES, self.state, event)
        self.state_since = now


class SlotIndex:
    """Nodes that take tasks, by the number of slots they have free."""

    def __init__(self, changes: Changes | None = None) -> None:
        self._changes = Changes() if changes is None else changes
        self._free: dict[str, int] = {}
        self._by_free: dict[int, dict[str, Node]] = {}

    @property
    def most_free_slots(self) -> int:
        """Return the most slots free on any one node."""
        return max((free for free, nodes in self._by_free.items() if nodes), default=0)

    def update(self, node: Node) -> None:
        """Look again at how much room a node has, and note that it has changed."""
        self._changes.note(node)
        before = self._free.pop(node.id, None)
        if before is not None:
            del self._by_free[before][node.id]
        if node.state in WORKING and node.accepts_tasks:
            self._free[node.id] = node.free_slots
            self._by_free.setdefault(node.free_slots, {})[node.id] = node

    def find(self, *, slots: int, pack: bool, suits: Callable[[Node], bool] | None = None) -> Node | None:
        """Choose a node with room: the fullest that fits if packing, else the emptiest."""
        fitting = (free for free, nodes in self._by_free.items() if nodes and free >= slots)
        for free in sorted(fitting, reverse=not pack):
            for node in self._by_free[free].values():
                if suits is None or suits(node):
                    return node
        return None

    def count(self, *, slots: int) -> int:
        """Tell how many nodes have exactly so many slots free."""
        return len(self._by_free.get(slots, ()))

    def find_several(self, number: int, *, suits: Callable[[Node], bool] | None = None) -> list[Node]:
        """Choose so many nodes with one slot, which is free; none if there are fewer."""
        fitting = (node for node in self._by_free.get(1, {}).values() if suits is None or suits(node))
        chosen = list(islice(fitting, number))
        return chosen if len(chosen) == number else []

    def get(self, node_id: str, *, slots: int) -> Node | None:
        """Find a certain node if it has room (affinity)."""
        free = self._free.get(node_id, -1)
        return self._by_free[free][node_id] if free >= slots else None
