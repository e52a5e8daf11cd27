"""HTTP: routes, signatures, OData, and JSON in both directions. Decides nothing about pools or tasks.

    app          a request from its first byte to its answer
    data_plane   who may ask the data plane; with routes, every operation with verb and path
    arm          the management plane, Azure Resource Manager: operations, bodies and views of its own
    control      the control plane below ``/_emulator``
    handlers     the operations: read the request, call the engine, return a response
    views        records as JSON
    odata        filters, and the language they are written in
    bodies       bodies of requests: which properties, of which kind

Beside them: what both planes have (plane, route_table), what every request has (request, response, auth,
conditions, paging) and what is counted of it (request_metrics).
"""

from __future__ import annotations
