"""The lab: what an autoscale formula does to cost and waiting, before it meets a pool.

``python -m azure_batch_lab`` reviews formulas (``check``), evaluates them (``eval``), runs days of
work under them (``simulate``) and compares families of them (``search``). Days run in the emulator's own
engine under a clock that is turned; nothing here needs more than the standard library.
"""

from __future__ import annotations
