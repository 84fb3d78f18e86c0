"""The house itself: walls between rooms, first lines, what may lie at the top."""
