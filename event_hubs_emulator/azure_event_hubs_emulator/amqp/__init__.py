"""AMQP 1.0 as bytes: types, performatives, frames and messages. Pure: no socket, no clock, no hub.

http://docs.oasis-open.org/amqp/core/v1.0/amqp-core-complete-v1.0.pdf is the specification; its parts are
cited as "types", "transport", "messaging" and "security".
"""

from __future__ import annotations
