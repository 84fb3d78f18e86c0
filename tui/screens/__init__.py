"""The pages of the console: each lays out widgets and passes on what the person asked for.

A screen decides nothing about the cluster: rows come from `viewmodels`, news from the session,
keys and labels from the list of actions. Leans on `widgets` and what is below. Start with the
dashboard.
"""
