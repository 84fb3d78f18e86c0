"""What several suites share: builders, simulated peers, pictures."""
