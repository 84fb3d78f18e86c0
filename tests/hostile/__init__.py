"""The 18 classes of bad input: cases as data, each judged in the room that it would reach."""
