"""Azure Resource Manager on the same port: the account, its pools and its location, below ``/subscriptions``.

    management_plane  who may ask, which versions, how errors look
    resource_ids      where the account stands
    routes            every operation of Microsoft.Batch, those that are refused by name included
    account, pools    the operations
    pool_bodies       what pools are said to be: the data plane's schemas under other names
    pool_json         pools as resources
    spelling          what the two planes spell differently
    vm_sizes          some sizes of virtual machines

A pool is one record, whichever plane it came from.
"""

from __future__ import annotations
