"""Client of Airflow's public API, for what people do in the web UI: trigger, watch, clear and mark."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import httpx

from local_stack.services.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PAGE = 100
ENDED = frozenset({"success", "failed"})
"""States of a run that is over."""
PATIENCE_SECONDS = 300
"""Guard against a server that never responds, generous enough for a busy machine."""


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """A task instance, as the API returns it."""

    task_id: str
    map_index: int
    label: str
    """Rendered map index; empty if it has none."""
    state: str
    try_number: int
    max_tries: int
    duration: float
    """Seconds of its last try."""
    started: datetime | None
    ended: datetime | None

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Parse an element of the response."""
        return cls(
            task_id=body["task_id"],
            map_index=body["map_index"],
            label=body.get("rendered_map_index") or "",
            state=body.get("state") or "",
            try_number=body.get("try_number") or 0,
            max_tries=body.get("max_tries") or 0,
            duration=body.get("duration") or 0.0,
            started=_moment(body.get("start_date")),
            ended=_moment(body.get("end_date")),
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class AirflowClient:
    """Session of one user, who logs in with the first request.

    :param address: URL of the web UI
    :param user: name and password
    :param patience: seconds to wait for an answer
    """

    def __init__(self, address: str, *, user: tuple[str, str], patience: float = PATIENCE_SECONDS) -> None:
        self.address = address
        self._user = user
        self._patience = patience
        self._http = httpx.Client(base_url=f"{address}/api/v2", timeout=patience, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def trigger(self, dag_id: str, **params: Any) -> str:
        """Trigger a run; return its id."""
        body = {"logical_date": None, "conf": params}
        return str(self.post(f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def unpause(self, dag_id: str) -> None:
        """Unpause a DAG."""
        self._send("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def pause(self, dag_id: str) -> None:
        """Pause a DAG: its runs go no further."""
        self._send("PATCH", f"/dags/{dag_id}", {"is_paused": True})

    def knows(self, dag_id: str) -> bool:
        """Whether the DAG has been parsed."""
        return self._answer("GET", f"/dags/{dag_id}").status_code == httpx.codes.OK

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run."""
        return str(self.get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def wait_for_run(self, dag_id: str, run_id: str, *, seconds: float) -> str:
        """Wait for the end of a run, also through an outage of the api-server; return the run's state.

        :raises StackError: with the states of its task instances, if it does not end in time
        """
        deadline = time.monotonic() + seconds
        while (state := self._state_if_answered(dag_id, run_id)) not in ENDED:
            if time.monotonic() > deadline:
                found = [
                    f"{ti.task_id}[{ti.label or ti.map_index}]={ti.state}"
                    for ti in self.task_instances(dag_id, run_id)
                ]
                raise StackError(f"run {run_id} is {state} after {seconds:.0f} s: {', '.join(found[:50])}")
            time.sleep(0.5)
        return state

    def task_instances(self, dag_id: str, run_id: str, *, task_id: str = "") -> list[TaskInstance]:
        """Return the task instances of a run, ordered by map index.

        :param task_id: only those of this task; empty for all
        """
        found: list[TaskInstance] = []
        while True:
            query = {"limit": _PAGE, "offset": len(found), "order_by": "map_index"}
            body = self.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", **query)
            found += [TaskInstance.of(entry) for entry in body["task_instances"]]
            if len(found) >= body["total_entries"] or not body["task_instances"]:
                return [ti for ti in found if not task_id or ti.task_id == task_id]

    def clear(
        self,
        dag_id: str,
        run_id: str,
        tasks: Sequence[str | tuple[str, int]],
        *,
        downstream: bool = True,
        only_failed: bool = False,
    ) -> int:
        """Clear task instances as the web UI does; return their number.

        :param tasks: task ids, or pairs of task id and map index
        """
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [list(task) if isinstance(task, tuple) else task for task in tasks],
            "include_downstream": downstream,
            "only_failed": only_failed,
            "reset_dag_runs": True,
        }
        return int(self.post(f"/dags/{dag_id}/clearTaskInstances", body)["total_entries"])

    def mark(self, dag_id: str, run_id: str, task_id: str, map_index: int, state: str) -> None:
        """Mark a task instance failed or successful."""
        place = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}"
        self._send("PATCH", place, {"new_state": state})

    def mark_run(self, dag_id: str, run_id: str, state: str) -> None:
        """Mark a whole run failed or successful."""
        self._send("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", {"state": state})

    def log(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, attempt: int = 1) -> str:
        """Return the log lines of one try of a task instance."""
        place = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        content = self.get(place, map_index=map_index, full_content=True)["content"]
        return "\n".join(line["event"] if isinstance(line, dict) else str(line) for line in content)

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, *, key: str = "return_value", map_index: int = -1
    ) -> Any:
        """Return an XCom of a task instance as Airflow stores it, usually a JSON text."""
        place = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(place, map_index=map_index)["value"]

    def links(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> dict[str, str]:
        """Return the extra links of a task instance."""
        place = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/links"
        return dict(self.get(place, map_index=map_index)["extra_links"])

    def backfill(self, dag_id: str, first: str, last: str, **options: Any) -> int:
        """Start a backfill; return its id.

        :param first: first logical date, ISO 8601
        :param last: last logical date, included
        """
        body = {"dag_id": dag_id, "from_date": first, "to_date": last, "dag_run_conf": {}, **options}
        return int(self.post("/backfills", body)["id"])

    def backfills(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the latest backfills of a DAG as the API returns them, newest first."""
        return list(self.get("/backfills", dag_id=dag_id, limit=_PAGE, order_by="-id")["backfills"])

    def cancel_backfill(self, backfill: int) -> None:
        """Cancel a backfill, unless it is over: it starts no more runs, and its active ones go on."""
        if not self.get(f"/backfills/{backfill}")["completed_at"]:
            self._send("PUT", f"/backfills/{backfill}/cancel", {})

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the latest runs of a DAG as the API returns them, newest first."""
        return list(self.get(f"/dags/{dag_id}/dagRuns", limit=_PAGE, order_by="-run_after")["dag_runs"])

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Send a GET request to the API; return the JSON object.

        :raises StackError: for an error response
        """
        return dict(self._checked(self._answer("GET", path, params=query)).json())

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a POST request to the API; return the JSON object.

        :raises StackError: for an error response
        """
        return dict(self._send("POST", path, body).json())

    def page(self, path: str) -> httpx.Response:
        """Get a page of the web UI, or of a plugin, as the logged-in user."""
        self._log_in()
        return httpx.get(
            f"{self.address}{path}",
            headers=dict(self._http.headers),
            timeout=self._patience,
            trust_env=False,
        )

    def _state_if_answered(self, dag_id: str, run_id: str) -> str:
        try:
            return self.run_state(dag_id, run_id)
        except httpx.TransportError as error:
            return f"unknown ({error})"

    def _send(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._checked(self._answer(method, path, json=body))

    def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        self._log_in()
        return self._http.request(method, path, **options)

    def _log_in(self) -> None:
        if "Authorization" in self._http.headers:
            return
        name, password = self._user
        answer = httpx.post(
            f"{self.address}/auth/token",
            json={"username": name, "password": password},
            timeout=self._patience,
            trust_env=False,
        )
        self._http.headers["Authorization"] = f"Bearer {self._checked(answer).json()['access_token']}"

    @staticmethod
    def _checked(answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            raise StackError(
                f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
            )
        return answer


def states(instances: Iterable[TaskInstance]) -> dict[str, str]:
    """Return the state of each instance by its label or, without a label, by its task id."""
    return {ti.label or ti.task_id: ti.state for ti in instances}
