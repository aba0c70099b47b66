"""How a step runs: Prefect tasks with memory, retries, progress and artifacts around one call into ``trading``."""
