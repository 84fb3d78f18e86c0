"""The console: shows a cluster, edits its configuration, and follows a reconfiguration live.

Of `nodeagent` it sees only `client`, `wire`, `config` and `model`. Imports point down this list:

    cli            `clustertui` and its subcommands
    demo           the cluster in a box and its tour
    app            modes, theme, wiring
    screens        one page each
    session        the one holder of a client; turns its stream into messages
    widgets        paint and ask, decide nothing
    actions        one list of everything a person can do
    viewmodels     snapshot to rows; knows nothing of Textual

Read `tui.viewmodels` first, then `tui.screens`.
"""
