"""One unit at a time, in folders that mirror the packages; the core's stories as event scripts."""
