// The container registry. It has no user but identities.

param name string
param location string
@description('Principal of the nodes, which pull.')
param nodesPrincipalId string
@description('Whether only private endpoints reach it, which takes the tier Premium.')
param isPrivate bool

var roles = loadJsonContent('../roles.json')

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  sku: { name: isPrivate ? 'Premium' : 'Basic' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    // AcrPull counts for nothing in the other mode.
    roleAssignmentMode: 'LegacyRegistryPermissions'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource nodesPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, nodesPrincipalId, 'AcrPull')
  scope: registry
  properties: {
    principalId: nodesPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.AcrPull)
  }
}

output id string = registry.id
output server string = registry.properties.loginServer
