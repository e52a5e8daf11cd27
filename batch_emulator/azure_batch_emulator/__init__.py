"""A local Azure Batch: the REST service, its nodes and its tasks, on one machine.

Layers, each importing only those below it:

``wire``     HTTP: routing, signatures, OData, JSON in and out
``service``  operations and decisions; time is an argument (``Engine.advance``)
``records``  pools, nodes, jobs and tasks, and the moves their states allow
``runner``   real processes for task attempts; one implementation of a small interface

``autoscale`` is the formula language; it knows none of the others.
"""

from __future__ import annotations
