"""Keys, notes, and what one process can prove of the transport."""
