"""Settings: the frozen models, where they are read from, the environment of a process, and where state lies."""
