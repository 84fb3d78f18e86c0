"""Every decision of the cluster manager, as steps from state and event to state and effects.

Nothing here awaits, reads a clock, a file or a random number; time is handed in. So the simulator
runs the very code that is shipped. Leans on `wire`, `config` and `model`. Start with the events
and the effects (all that can happen, all that can be asked), then the rows of the coordinator,
then `node`, which composes all behind one `step`.
"""
