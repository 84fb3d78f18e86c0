"""The pieces that screens are made of: one per module, own messages inside, styles beside.

A widget paints what it is given and says what was chosen. Leans on `viewmodels` for its rows and
on `tui.actions` for labels. Start with the table, which every live view uses.
"""
