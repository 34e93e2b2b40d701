"""Engines: what generates the experts' texts, one file each; every one is an `experts.engine.Engine`."""
