"""Unmodified OCF 1.1 resource agents: found, understood, checked, and run."""

from nodeagent.drivers.ocf.driver import OcfDriver

__all__ = ["OcfDriver"]
