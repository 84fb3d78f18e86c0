"""Units of systemd: started, watched and stopped over D-Bus, their jobs awaited."""

from nodeagent.drivers.systemd.driver import SystemdDriver

__all__ = ["SystemdDriver"]
