"""Figures of the real programs, each printed beside its limit; `make bench` measures them anew.

Nothing here is asserted in the suite: a busy machine would make it lie. Start with `__main__`.
"""
