"""Pages that Airflow's api-server shows about Batch tasks; imported on the first request for one of them.

``pages`` is the routes, ``batch_job`` what they ask the services, ``responses`` the form of every response;
``facts`` and ``markup`` are pure. FastAPI is known here and nowhere else.
"""

from __future__ import annotations
