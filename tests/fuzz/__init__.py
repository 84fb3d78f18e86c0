"""Random bad input by number: the same number makes the same input, on every machine."""
