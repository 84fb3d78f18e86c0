"""Real agents, started as programs: the tour, and that nothing of a demonstration stays behind."""
