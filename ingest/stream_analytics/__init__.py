"""Stream Analytics on a laptop: runs the text of the query that is deployed to Azure.

``query.asaql`` and ``job.json`` are the job. The rest executes them: ``language`` reads the query and refuses
whatever it would not run exactly as documented, ``definition`` reads the job's settings, ``events`` come in,
``event_ordering`` gives each its time and its windows, ``execution`` runs closed windows in DuckDB,
``blob_output`` writes what comes out, and ``runner`` joins these. ``docs/stream-analytics.md`` says what is
covered.
"""
