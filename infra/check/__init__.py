"""Checks of the templates that need no Azure.

``syntax`` reads Bicep, ``static_names`` finds names that nobody declares or uses, ``evaluation`` works out
what a template deploys with given parameters, ``bodies`` compares that with the models of ``azure-mgmt-*``,
``policy`` and ``roles`` with our own rules. No Bicep compiler is involved: what is not understood is refused.
"""
