"""A page for each finding: what it means, a file that provokes it, why it matters, what to do.

Titles and reasons stand in `nodeagent.config.codes`, of which this is the longer half. An example
is a few lines that, put into the sound configuration of `sound`, really give the finding: a test
does that with each of them. Pages are filed by the hundreds of their codes; start with `sheets`.
"""
