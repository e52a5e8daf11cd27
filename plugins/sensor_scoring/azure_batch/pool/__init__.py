"""Pools: what one is made of, the formula that scales it, who keeps it, and how it fares.

``autoscale`` and ``load_curve`` write the formula, ``evaluation`` reads what the service makes of it;
``spec`` and ``mounts`` describe a pool that we make. ``keeper`` and ``nodes`` change pools and their nodes;
``health``, ``identity`` and ``usage`` judge what the service shows of them.
"""
