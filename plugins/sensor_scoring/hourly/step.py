"""Steps that are Python functions: ``@task``, which says first why it fails and notes it for the alert."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory

from sensor_scoring.azure_batch.failure_note import failure_noted
from sensor_scoring.azure_batch.links import SummaryLink
from sensor_scoring.hourly.step_times import times_said
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from airflow.sdk import BaseOperatorLink, Context
    from airflow.sdk.bases.decorator import TaskDecorator


class StepOperator(DecoratedOperator, PythonOperator):
    """Runs a function; why it failed comes before the traceback, and is left for the alert."""

    custom_operator_name = "@task"
    template_fields: Sequence[str] = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any],
        op_kwargs: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        call: dict[str, Any] = {"op_args": op_args, "op_kwargs": op_kwargs}
        call["python_callable"] = python_callable
        # One of the two parents takes the call for its own parent.
        super().__init__(kwargs_to_upstream=dict(call), **call, **kwargs)

    def execute(self, context: Context) -> Any:
        """Call the function."""
        with failure_noted(context["ti"]), times_said(context["ti"]):
            return self._called(context)

    def _called(self, context: Context) -> Any:
        return super().execute(context)


class SummaryStepOperator(StepOperator):
    """Runs a function that makes or reads the run's summary, and leads to its page."""

    operator_extra_links: Collection[BaseOperatorLink] = (SummaryLink(),)
    run_base = ""
    """The run whose summary it is, once it is known."""

    def _called(self, context: Context) -> Any:
        from sensor_scoring.hourly.run import Run

        run = Run(context, Settings.from_environ(os.environ))
        self.run_base = "" if run.hourless else run.base
        return super()._called(context)


def step(**options: Any) -> TaskDecorator:
    """Make a task of a function, as ``@task`` does."""
    return task_decorator_factory(None, decorated_operator_class=StepOperator, **options)


def summary_step(**options: Any) -> TaskDecorator:
    """Make a task of a function that makes or reads the run's summary."""
    return task_decorator_factory(None, decorated_operator_class=SummaryStepOperator, **options)
