"""Simulated economies: managers who pad and hide, with the truth beside."""
