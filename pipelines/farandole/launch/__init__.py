"""Launch: start, follow and end distributed programs."""
