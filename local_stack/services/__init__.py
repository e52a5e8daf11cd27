"""The local stack's processes other than Airflow's: Azurite, the Batch emulator, PostgreSQL."""
