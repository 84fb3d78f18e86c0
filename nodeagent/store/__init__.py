"""The state directory: configurations, history, journal, identity.

A file is replaced by writing aside, syncing, renaming and syncing the folder, so that a power cut
leaves the old one or the new one. Leans on `wire` and `model`; decides nothing. Start with `files`,
then `journal`; every failure is a `StoreError` that names the file and what would help.
"""
