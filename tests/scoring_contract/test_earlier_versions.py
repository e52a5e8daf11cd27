"""Messages as version 0.1.0 wrote them, in runs and registries that an upgrade finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring_contract.errors import MessageError
from scoring_contract.messages.manifest import Manifest
from scoring_contract.messages.registry import Registry
from scoring_contract.messages.report import Report
from scoring_contract.messages.training import TrainingOrder
from scoring_contract.messages.training_report import TrainingReport

EARLIER = Path(__file__).parent / "version_0_1_0"


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("manifest.json", Manifest),
        ("report.json", Report),
        ("registry.json", Registry),
        ("training_report.json", TrainingReport),
    ],
)
def test_what_an_earlier_version_wrote_is_read(file, kind) -> None:
    """What it did not know of yet is empty, and what is written of it now reads back the same."""
    message = kind.from_json((EARLIER / file).read_bytes())
    assert kind.from_json(message.to_json()) == message


def test_an_earlier_training_order_is_refused_by_place() -> None:
    """Its options were words of a command line, which nobody guesses at."""
    with pytest.raises(MessageError, match="training order: options: is not an object"):
        TrainingOrder.from_json((EARLIER / "training_order.json").read_bytes())


@pytest.mark.parametrize("kind", [Manifest, Report, Registry, TrainingOrder, TrainingReport])
def test_a_message_of_another_contract_is_refused_with_both_versions(kind) -> None:
    """Nothing of it is read: a member may mean something else there."""
    with pytest.raises(MessageError, match="contract: is version 3, this program reads 2"):
        kind.from_json('{"contract": 3, "sensors": {}}')
