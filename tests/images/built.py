"""The images of this repository, built for these tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_stack.images import IMAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = tuple(image.name for image in IMAGES)
REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True, slots=True)
class Built:
    """The images, built.

    :param base: the image they are built on
    :param tags: name of each image to its tag
    """

    base: str
    tags: Mapping[str, str]


def build_all(base: str) -> Built:
    """Build every image on a base."""
    tags = {image.name: f"image-tests/{image.name}:1" for image in IMAGES}
    for image in IMAGES:
        image.build(tags[image.name], base=base, revision=REVISION)
    return Built(base, tags)
