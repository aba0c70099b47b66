"""The gymnasium environment, and the vectorised one that trains: both over the compiled simulation."""
