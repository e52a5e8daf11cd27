"""Devices that send their readings to an event hub as events.

``fleet_source`` and ``replay_source`` give readings in the order of time, ``disturbances`` decides when each
arrives, if at all, and ``schedule`` merges them by arrival into chunks. ``sending`` paces the chunks, and
``hub_sender`` hands them to the SDK. Only ``hub_sender`` accesses the network.
"""

from __future__ import annotations
