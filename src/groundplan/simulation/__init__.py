"""Economies made up from a seed, with the truth beside what is reported; no stage reads the truth."""
