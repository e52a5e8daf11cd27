"""Answers that hold for some seconds: not kept by browsers, and shared by all who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException, Response

from sensor_scoring.ui.shared_looks import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable


async def live(look: Awaitable[bytes]) -> Response:
    """Answer with the JSON of a look.

    :raises HTTPException: 504 if the look takes too long
    """
    try:
        content = await look
    except TimeoutError as error:
        raise HTTPException(
            504, f"Azure has not answered for {PATIENCE_SECONDS:.0f} s; the question still waits, ask again."
        ) from error
    return Response(content, media_type="application/json", headers={"Cache-Control": "private, no-store"})
