"""The `sevengates` command."""
