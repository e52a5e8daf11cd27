"""What creates the Azure resources: Bicep templates, and the commands that deploy them.

``main.bicep`` joins ``modules/``; ``sizes/`` has the parameters of three fleets. ``check`` compares all of it
with the models of Azure's management clients, without Azure. ``python -m infra`` wraps ``az``.
"""
