"""Stages chained in memory; no disk."""
