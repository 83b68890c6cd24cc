"""The ring: exact, resumable training of one Keras model on any number of ranks."""
