"""The model watch: a child process that follows the promoted model, and the pointer it moves."""
