"""A real cluster in a box: agents as processes on loopback, services, a client, and a tour.

Agents are started as programs and spoken to through `nodeagent.client` like any other cluster's;
nothing here reaches into them. Start with the box, then read the tour as a story.
"""
