"""What is wrong with a template."""

from __future__ import annotations


class TemplateFault(ValueError):
    """A template is wrong, or says something that is not checked here.

    :param place: file and line
    """

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
        self.what = what

    def __reduce__(self) -> tuple[type[TemplateFault], tuple[str, str]]:
        return type(self), (self.place, self.what)
