"""Retry policy: which exceptions fail at once. One table for every task of ours."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from scoring_contract.errors import ContractError
from sensor_scoring import errors

_PERMANENT = {
    errors.SettingsError: "a person must change a setting",
    errors.BatchAccessRefused: "a person must correct the Batch connection or its role",
    errors.StorageAccessRefused: "a person must correct the storage connection or its role",
    errors.FormulaRefused: "the formula stays wrong",
    errors.JobEnded: "the Batch job is over, and no other can take its place",
    errors.BatchTaskRejected: "the order, the model or the data stay wrong",
    errors.SubmissionRefused: "the service refuses the Batch task as it is",
    errors.RegistryMissing: "a person must train models, or restore the registry",
    errors.RegistryDamaged: "a person must restore the registry",
    errors.RunFailed: "a verdict does not change by itself",
    errors.PredictionsIncomplete: "what is missing will not come by itself",
    ContractError: "a message between orchestrator and scorer is wrong",
}

RETRY_TABLE = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=exception, action=RetryAction.FAIL, reason=reason)
        for exception, reason in _PERMANENT.items()
    ]
)
"""Errors that fail at once; all others are tried again as often as the task allows."""

LOOK_ARGS = {
    "retries": 1,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": RETRY_TABLE,
    "execution_timeout": timedelta(minutes=10),
}
"""Arguments of a DAG that looks every few minutes: a task that hangs must not keep the next one from it."""
