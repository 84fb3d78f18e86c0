"""The nouns of a cluster: nodes, networks, adapters, groups, resources, and what is said of them.

All are frozen and typed. This room leans on no other room; everybody leans on it. Words mean here
what they mean on the screen, in the log and in the configuration file. Start with the cluster
itself and follow the fields; `Report` is how anything that is wrong gets told.
"""
