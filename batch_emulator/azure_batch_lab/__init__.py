"""The lab: what an autoscale formula does to cost and waiting, before it meets a pool.

``python -m azure_batch_lab`` reviews formulas (``check``), evaluates them (``eval``), runs days of work under
them (``simulate``) and compares families of them (``search``). Days run in the emulator's own engine under a
clock that is turned; nothing here needs more than the standard library.

Packages, each importing only those below it, and ``review`` none of them:

``commands``    the command line, a file each
``output``      tables, charts, JSON
``search``      families of policies and their Pareto front
``simulation``  days of work under one formula
``review``      what the service would refuse, and what a reviewer would ask about

The emulator knows nothing of the lab.
"""

from __future__ import annotations
