"""Viewmodels by equality, screens by pilot and by snapshot."""
