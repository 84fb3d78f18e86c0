"""From a snapshot of the cluster to rows, cells, step lists and differences.

Pure and without Textual, so each is tested by plain equality. Leans on the model and the messages
of `nodeagent`. Start with the dashboard's.
"""
