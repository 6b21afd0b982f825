"""Adapters of model engines behind one narrow Protocol."""
