"""Looking at a state directory from outside: what is there, what is wrong, what to do.

`reading` takes everything in once and changes nothing; the other modules judge what it read and
touch no file. Start with `whole`, then `codes`.
"""
