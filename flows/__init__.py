"""When things happen: Prefect flows, without arithmetic or I/O of their own."""
