"""Events outlive the emulator: kills, restarts, and clients that go on."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.aio import EventHubConsumerClient
from azure.eventhub.exceptions import EventHubError
from azure.eventhub.extensions.checkpointstoreblobaio import BlobCheckpointStore

from azure_event_hubs_emulator.__main__ import main
from azure_event_hubs_emulator.server import EventHubsServer
from tests.event_hubs_emulator.emulator_process import EmulatorProcess
from tests.event_hubs_emulator.hub_clients import HUB, bodies, producer_of, receive, send
from tests.support.waiting import until


@pytest.mark.behaviour("ingest-killed")
def test_no_acknowledged_event_is_lost_by_a_kill(tmp_path) -> None:
    """Killed in the middle of sending: what was confirmed is there, once and in order."""
    confirmed: list[str] = []
    with EmulatorProcess(tmp_path) as emulator:
        client = EventHubProducerClient.from_connection_string(emulator.connection_string(HUB), retry_total=0)

        def send_until_it_dies() -> None:
            number = 0
            while True:
                batch = [f"{number + n}" for n in range(20)]
                try:
                    client.send_batch([EventData(body) for body in batch], partition_id="0")
                except EventHubError:
                    return
                confirmed.extend(batch)
                number += 20

        thread = threading.Thread(target=send_until_it_dies)
        thread.start()
        until(lambda: len(confirmed) >= 400)
        emulator.kill()
        thread.join()
        client.close()
    with EmulatorProcess(tmp_path) as again:
        kept = bodies(receive(again, len(confirmed)))
    assert kept[: len(confirmed)] == confirmed
    assert len(kept) - len(confirmed) in {0, 20}
    assert kept == [str(number) for number in range(len(kept))]


def test_clients_go_on_after_a_restart(emulator_of, tmp_path) -> None:
    """A sender and a reader that were connected continue with the same folder and port, and miss nothing."""
    first = emulator_of()
    options: dict[str, Any] = {
        "data": tmp_path / "data",
        "hubs": first.settings.hubs,
        "policy": first.settings.policy,
    }
    received: list[str] = []

    async def scenario() -> None:
        producer = producer_of(first, retry_total=8, retry_backoff_factor=0.1)
        client = EventHubConsumerClient.from_connection_string(
            first.connection_string(HUB), "$Default", retry_total=8, retry_backoff_factor=0.1
        )

        arrived = {body: asyncio.Event() for body in ("before", "after")}

        async def on_event(_, event) -> None:
            received.append(event.body_as_str())
            arrived[received[-1]].set()

        async with client, asyncio.timeout(60):
            receiving = asyncio.create_task(
                client.receive(on_event, partition_id="0", starting_position="-1")
            )
            await asyncio.to_thread(producer.send_batch, [EventData("before")], partition_id="0")
            await arrived["before"].wait()
            first.__exit__(None, None, None)
            with EventHubsServer(port=first.port, **options):
                await asyncio.to_thread(producer.send_batch, [EventData("after")], partition_id="0")
                await arrived["after"].wait()
                receiving.cancel()
                producer.close()

    asyncio.run(scenario())
    assert received == ["before", "after"]


def test_a_reader_resumes_at_its_checkpoint(emulator, azurite) -> None:
    """A second reader of the group begins behind what the first one has noted in Blob Storage."""
    send(emulator, ["a", "b", "c", "d"], partition_id="0")

    async def read(count: int, *, noting: str | None) -> list[str]:
        store = BlobCheckpointStore.from_connection_string(azurite.connection_string, "runs")
        client = EventHubConsumerClient.from_connection_string(
            emulator.connection_string(HUB), "scoring", checkpoint_store=store, load_balancing_interval=0.5
        )
        found: list[str] = []
        done = asyncio.Event()

        async def on_event(context, event) -> None:
            if len(found) < count:
                found.append(event.body_as_str())
                if found[-1] == noting:
                    await context.update_checkpoint(event)
            if len(found) == count:
                done.set()

        async with client, store, asyncio.timeout(60):
            receiving = asyncio.create_task(client.receive(on_event, starting_position="-1"))
            await done.wait()
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
        return found

    assert asyncio.run(read(3, noting="b")) == ["a", "b", "c"]
    assert asyncio.run(read(2, noting=None)) == ["c", "d"]


def test_the_process_says_when_it_is_ready(tmp_path, capfd) -> None:
    """One line of JSON; a second on the folder is refused in a sentence; SIGTERM ends it well."""
    with EmulatorProcess(tmp_path) as emulator:
        assert emulator.ready.keys() == {"endpoint", "connectionString", "hubs", "pid"}
        assert emulator.ready["hubs"] == {HUB: 2}
        assert main(["--data", str(tmp_path), "--hub", "sensors:2"]) == 2
        assert capfd.readouterr().err == (f"azure_event_hubs_emulator: another emulator runs on {tmp_path}\n")
        assert emulator.stop() == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--hub", "sensors"], "--hub takes NAME:PARTITIONS"),
        ([], "there is no hub"),
        (["--hub", "s:1", "--retention-hours", "0"], "retention must be above 0"),
        (["--hub", "s:1", "--idle-seconds", "0"], "time-outs must be above 0"),
        (["--hub", "s:1", "--port", "99999999"], "--port takes 0 to 65535"),
    ],
)
def test_bad_options_are_named(tmp_path, capsys, options, sentence) -> None:
    """The exit code is 2, and the sentence says what is wrong."""
    assert main(["--data", str(tmp_path), *options]) == 2
    assert sentence in capsys.readouterr().err
