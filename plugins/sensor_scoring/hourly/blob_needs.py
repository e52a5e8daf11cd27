"""The blobs that a scoring Batch task touches, as its command line and its manifest name them. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from scoring_contract.access import variable_of
from scoring_contract.errors import ContractError
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import PROGRAM, ScoreInvocation
from scoring_contract.messages.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor_scoring.azure_batch.grants import Blobs
    from sensor_scoring.azure_batch.task import Names

MOST_BLOBS = 20
"""A container of which a Batch task needs more blobs is granted as a whole. A signature is 300 bytes of an
environment, of which a hundred go into a request of 1 MB; and the scorer opens a connection for each, which
costs it 5 ms and a TLS handshake."""


def call_of(names: Names, command: Sequence[str]) -> ScoreInvocation:
    """Return the call that a Batch task's command line makes of the scorer.

    :param command: words, placeholders and all
    """
    return ScoreInvocation.from_argv([names.fill(word) for word in command[len(PROGRAM) :]])


def blobs_needed(call: ScoreInvocation, manifest: bytes | None) -> Blobs:
    """Return the blobs that a call touches, for each container of which it touches few.

    :param manifest: its text; of one that is missing or damaged the scorer says so, and touches no other blob
    """
    runs = {call.manifest: "r", call.report: "w"}
    try:
        needed = _named_in(Manifest.from_json(manifest or b""))
    except ContractError:
        needed = {Container.DATA: {}, Container.MODELS: {}, Container.PREDICTIONS: {}}
    return {
        variable_of(container): blobs
        for container, blobs in {**needed, Container.RUNS: runs}.items()
        if len(blobs) <= MOST_BLOBS
    }


def _named_in(manifest: Manifest) -> dict[Container, dict[str, str]]:
    predictions = (
        order.prediction_blob(manifest.hour, manifest.predictions_format) for order in manifest.sensors
    )
    return {
        Container.DATA: {blob: "r" for order in manifest.sensors for blob in order.readings},
        Container.MODELS: dict.fromkeys(_models(manifest), "r"),
        # Read to keep what a later plan, or a pack's other sensors, have there.
        Container.PREDICTIONS: dict.fromkeys(predictions, "rw"),
    }


def _models(manifest: Manifest) -> list[str]:
    """Name the model files, and the packs that several sensors share: a sensor alone reads its own file."""
    users = Counter(order.model.pack.blob for order in manifest.sensors if order.model.pack)
    packs = [blob for blob, count in users.items() if count > 1]
    return [*packs, *(order.model.blob for order in manifest.sensors)]
