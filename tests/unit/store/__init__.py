"""Files of the state directory; the journal has its own contract suite."""
