"""A local Azure Event Hubs: AMQP 1.0, tokens, hubs and their events on disk, on one machine.

Layers, each importing only those below it:

``wire``     connections, sessions and links; asyncio
``service``  who may do what, where an event goes, where a reader begins
``store``    append-only segment files
``amqp``     the protocol as bytes; pure

It imports no SDK and nothing else of this repository: the product meets it on AMQP alone.
"""

from __future__ import annotations
