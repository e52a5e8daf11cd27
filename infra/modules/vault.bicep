// The key vault, with Airflow's connections as its secrets backend reads them.

param name string
param location string
@description('Whether only private endpoints reach it.')
param isPrivate bool
@description('Whether a Batch account in user-subscription mode keeps secrets in it.')
param userSubscription bool
@description('Object id of the service principal Microsoft Azure Batch, for that mode.')
param batchServicePrincipalId string
param airflowPrincipalId string
param airflowPrincipalType string

var roles = loadJsonContent('../roles.json')

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: name
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    enabledForDeployment: userSubscription
    enabledForTemplateDeployment: userSubscription
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }
}

resource airflowReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, airflowPrincipalId, 'Key Vault Secrets User')
  scope: vault
  properties: {
    principalId: airflowPrincipalId
    principalType: airflowPrincipalType
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Key Vault Secrets User']
    )
  }
}

resource batchKeeps 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (userSubscription) {
  name: guid(vault.id, batchServicePrincipalId, 'Key Vault Secrets Officer')
  scope: vault
  properties: {
    principalId: batchServicePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Key Vault Secrets Officer']
    )
  }
}

output id string = vault.id
output name string = vault.name
output url string = vault.properties.vaultUri
