"""Measuring what a model learnt: bits per byte, and what its essays are like."""
