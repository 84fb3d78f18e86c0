"""Who really takes a group over if its node is lost, where takeover order alone does not say it.

Rules between groups and the load of nodes decide then, so placement itself is asked.
"""

from collections.abc import Mapping

from nodeagent.config.placement import place
from nodeagent.config.rules import apart_of, sets_of
from nodeagent.model.configuration import Configuration


def expected(
    cfg: Configuration,
    owners: Mapping[str, str],
    usable: frozenset[str],
    failed: Mapping[str, frozenset[str]],
) -> dict[str, str]:
    """Return for each such group that is owned the node it would go to, "" for none.

    `usable`: nodes that are up. `failed`: where groups have just failed.
    """
    bound = {name for name, group in cfg.group.items() if group.fallover == "least-loaded"}
    bound |= sets_of(cfg).keys() | apart_of(cfg).keys()
    found: dict[str, str] = {}
    for lost in {owners.get(name, "") for name in bound} - {""}:
        after = place(cfg, view=usable - {lost}, owners=owners, failed=failed)
        found |= {name: after[name] for name in bound if owners.get(name) == lost}
    return found
