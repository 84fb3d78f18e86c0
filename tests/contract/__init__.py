"""One suite that every driver, store and quorum engine must pass."""
