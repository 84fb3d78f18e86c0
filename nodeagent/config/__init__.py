"""Configuration text to model and back: parse, edit, verify, compare, digest, plan.

Text is handed in and handed out; files are the store's business. Edits keep the comments that
people wrote. Checks collect reports and never stop at the first. Leans on `model` only. Start with
the parser, then the checks.
"""
