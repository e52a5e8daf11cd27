"""What Airflow's api-server serves for us; imported on the first request for it. ``site`` puts it together.

``pages`` are the pages about Batch tasks, ``batch_job`` what they ask the services, ``responses`` the form of
every response; ``facts`` and ``markup`` are pure. ``fleet_page`` is the shell of the fleet page, ``static``
its script and style, which ``make ui`` builds, and ``api`` the routes that they ask. ``run_look`` and
``pool_look`` are what these ask of a run and of the pool, and ``shared_looks`` lets many viewers ask as one.
FastAPI is known here and nowhere else.
"""

from __future__ import annotations
