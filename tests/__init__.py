"""All tests. See each folder's first lines for what belongs there."""
