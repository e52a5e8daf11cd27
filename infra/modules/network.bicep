// A network of nodes without public addresses, which reach the outside from one address of a NAT gateway.

param name string
param location string

resource address 'Microsoft.Network/publicIPAddresses@2026-03-01' = {
  name: '${name}-nat'
  location: location
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource nat 'Microsoft.Network/natGateways@2026-03-01' = {
  name: name
  location: location
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

// Its default rules let nothing in from outside; nodes need no way in.
resource rules 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: name
  location: location
  properties: { securityRules: [] }
}

resource network 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: name
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.60.0.0/16'] }
    subnets: [
      {
        name: 'nodes'
        properties: {
          addressPrefix: '10.60.0.0/20'
          defaultOutboundAccess: false
          natGateway: { id: nat.id }
          networkSecurityGroup: { id: rules.id }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.60.16.0/24'
          defaultOutboundAccess: false
          networkSecurityGroup: { id: rules.id }
        }
      }
    ]
  }
}

resource nodes 'Microsoft.Network/virtualNetworks/subnets@2026-03-01' existing = {
  parent: network
  name: 'nodes'
}

resource endpoints 'Microsoft.Network/virtualNetworks/subnets@2026-03-01' existing = {
  parent: network
  name: 'endpoints'
}

output id string = network.id
output nodesId string = nodes.id
output endpointsId string = endpoints.id
