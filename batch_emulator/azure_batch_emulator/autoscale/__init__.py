"""The language a pool's size is written in: Azure Batch's autoscale formulas.

From the text to the number of nodes, a file each::

    source -> tokens -> parser (tree) -> checker -> evaluator (values, operators, functions, methods)

Pure: no I/O and no clock; samples, counts and the time are given to ``Formula.evaluate``. Where the
service's behaviour is not documented a convention is followed, and said where it lives.
"""

from __future__ import annotations

from azure_batch_emulator.autoscale.errors import EvaluationError, FormulaError, FormulaSyntaxError
from azure_batch_emulator.autoscale.formula import Formula
from azure_batch_emulator.autoscale.samples import SampleSeries
from azure_batch_emulator.autoscale.scope import Evaluation, Surroundings
from azure_batch_emulator.autoscale.trace import Explanation, Step

__all__ = [
    "Evaluation",
    "EvaluationError",
    "Explanation",
    "Formula",
    "FormulaError",
    "FormulaSyntaxError",
    "SampleSeries",
    "Step",
    "Surroundings",
]
