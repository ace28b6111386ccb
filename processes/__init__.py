"""Running something in a process of its own, and loading a user's file; nothing here knows what is run or loaded."""
