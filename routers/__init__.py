"""Routers: which experts of the pool a query should go to, and why.

Start at `routers.build.build_router` and the contract in `routers.router`. Importing this package
imports nothing heavy.
"""
