"""Fitting one recipe: the learner, trials, the search, and the trained weights."""
