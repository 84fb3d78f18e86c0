"""The nouns, and which state may follow which."""
