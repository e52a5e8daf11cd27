"""The local stack's processes other than Airflow: Azurite, the Batch emulator, PostgreSQL, their supervision."""
