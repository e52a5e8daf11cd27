"""Container images as environments: which programs a task finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench


def container_pool(bench: Bench) -> None:
    """Make a pool that runs containers, and a job."""
    configuration = bench.models.BatchContainerConfiguration(type="dockerCompatible")
    bench.pool(virtual_machine_configuration=bench.machine(container_configuration=configuration))
    bench.job()


def settings(bench: Bench, image: str) -> Any:
    """Name the image of a task."""
    return bench.models.BatchTaskContainerSettings(image_name=image)


def test_command_finds_the_programs_of_its_image(bench_of: Callable[..., Bench], tmp_path: Path) -> None:
    """The image's bin folder is first on PATH; no tag means latest."""
    program = tmp_path / "prefix" / "bin" / "score"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho scored $1\n")
    program.chmod(0o755)
    bench = bench_of(images={"registry.example/scorer": tmp_path / "prefix"})
    container_pool(bench)
    bench.run("score 1_4", container_settings=settings(bench, "registry.example/scorer:latest"))
    assert bench.output() == "scored 1_4\n"


def test_unknown_image_fails_with_advice(bench: Bench) -> None:
    """The failure says how to describe the image to the emulator."""
    container_pool(bench)
    execution = bench.run("score", container_settings=settings(bench, "nobody/knows:1")).execution_info
    assert execution.failure_info.code == "ContainerInvalidImage"
    assert "--image nobody/knows:1=PREFIX" in execution.failure_info.message
