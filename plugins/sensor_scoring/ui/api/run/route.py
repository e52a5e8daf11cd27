"""Route to a run: what its Batch tasks did when and where, on which pool, and how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, HTTPException, Response

from sensor_scoring.ui.api.access import may_see_task_logs
from sensor_scoring.ui.api.answers import Refusal
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.live import live
from sensor_scoring.ui.api.run.answer import answer_of
from sensor_scoring.ui.api.run.model import RunAnswer
from sensor_scoring.ui.run_look import look_at_run
from sensor_scoring.ui.run_place import RunUnknown, base_of_run
from sensor_scoring.ui.shared_looks import SharedLooks
from sensor_scoring.ui.stderr_tails import StderrTails

if TYPE_CHECKING:
    from sensor_scoring.settings import Settings

router = APIRouter(tags=["runs"])


def _answer(asked: tuple[str, str, Settings]) -> bytes:
    dag_id, run_id, settings = asked
    look = look_at_run(base_of_run(dag_id, run_id, settings), settings, _tails)
    if look.is_empty:
        raise RunUnknown(dag_id, run_id)
    return answer_of(look).model_dump_json().encode()


_tails = StderrTails()
looks = SharedLooks(_answer)


# It shows the end of what failed Batch tasks printed.
@router.get(
    "/runs/{run_id}",
    response_class=Response,
    responses={200: {"model": RunAnswer}, 504: {"model": Refusal}},
    dependencies=[Depends(may_see_task_logs)],
)
async def run(dag_id: str, run_id: str, deployed: Deployed) -> Response:
    """Return what Azure Batch and Blob Storage tell of a run; all who ask within 3 s get the same answer.

    :raises HTTPException: 404 if nothing is known of it
    """
    try:
        return await live(looks.of((dag_id, run_id, deployed.settings)))
    except RunUnknown as error:
        raise HTTPException(
            404, "Nothing is kept of this DAG run: it has not been planned yet, or its time is over."
        ) from error
