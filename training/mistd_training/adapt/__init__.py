"""Adaptation of a model to a user's samples."""
