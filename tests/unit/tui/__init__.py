"""The console's viewmodels, by plain equality."""
