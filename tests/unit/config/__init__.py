"""Configuration text and what is made of it: findings, edits, differences, placement, plans."""
