"""Routers compared on recorded outcomes, without running a model."""
