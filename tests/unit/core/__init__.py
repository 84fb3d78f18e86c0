"""The core's stories, told in the simulated world."""
