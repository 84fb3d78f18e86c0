"""What this machine has, for consoles that fill in forms: looked up, never changed."""

from nodeagent.drivers.inventory.taker import InventoryTaker, TooManyError

__all__ = ["InventoryTaker", "TooManyError"]
