"""Judging a fitted model beside its rivals, and what was found."""
