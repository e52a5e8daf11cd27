// Everything that sensor scoring needs in a resource group, but for Airflow: docs/azure.md.

@description('First part of every name.')
@minLength(3)
@maxLength(9)
param prefix string = 'scoring'
param location string = resourceGroup().location

@description('Object id of the identity that Airflow signs in with.')
@minLength(36)
param airflowPrincipalId string
@allowed(['ServicePrincipal', 'User', 'Group'])
param airflowPrincipalType string = 'ServicePrincipal'
@description('Object id of the identity that devices sign in with; empty if they send no events.')
param devicesPrincipalId string = ''
@description('Address that alerts of Application Insights go to; empty for none.')
param alertEmail string = ''

@description('Image of the scorer in the registry: name with tag, or name with tag and digest.')
@minLength(3)
param image string
@description('Id of the pool.')
param poolName string = 'sensor-scoring'
param vmSize string
@minValue(1)
@maxValue(256)
param slotsPerNode int
@minValue(1)
param maxNodes int
@description('Whether nodes are Spot nodes, which the Batch service has only in user-subscription mode.')
param spot bool = false
@description('With spot: so many nodes, the first ones, are dedicated all the same.')
@minValue(0)
param dedicatedNodes int = 0
@description('Whether nodes are in this subscription, with its quota, and not in one of the Batch service. Spot implies it.')
param userSubscription bool = false
@description('Object id of the service principal Microsoft Azure Batch in this tenant, for that mode.')
param batchServicePrincipalId string = ''

@description('Whether nodes mount readings through BlobFuse, for which Batch wants them to have the right to write.')
param mountData bool = false
@description('Whether nodes mount models through BlobFuse.')
param mountModels bool = false

@description('Partitions of the event hub: they cannot be changed.')
param partitions int
param throughputUnits int
param streamingUnits int

@description('public: nodes have public addresses. nat: they have none, and leave through one NAT gateway. private: likewise, and storage, registry, vault, event hub and Batch account are reached by private endpoints alone.')
@allowed(['public', 'nat', 'private'])
param network string = 'public'

var name = '${prefix}${uniqueString(resourceGroup().id)}'
var storageName = name
var isPrivate = network == 'private'
var hasNetwork = network != 'public'
var ownSubscription = userSubscription || spot

resource nodes 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-nodes'
  location: location
}

module net 'modules/network.bicep' = if (hasNetwork) {
  name: 'network'
  params: { name: name, location: location }
}

module registry 'modules/registry.bicep' = {
  name: 'registry'
  params: {
    name: name
    location: location
    nodesPrincipalId: nodes.properties.principalId
    isPrivate: isPrivate
  }
}

module events 'modules/events.bicep' = {
  name: 'events'
  params: {
    namespaceName: name
    jobName: name
    location: location
    partitions: partitions
    throughputUnits: throughputUnits
    streamingUnits: streamingUnits
    storageName: storageName
    isPrivate: isPrivate
    devicesPrincipalId: devicesPrincipalId
    airflowPrincipalId: airflowPrincipalId
    airflowPrincipalType: airflowPrincipalType
  }
}

var reader = 'Storage Blob Data Reader'
var contributor = 'Storage Blob Data Contributor'

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: storageName
    location: location
    isPrivate: isPrivate
    grants: [
      { container: 'data', role: contributor, principalId: airflowPrincipalId, principalType: airflowPrincipalType }
      { container: 'models', role: contributor, principalId: airflowPrincipalId, principalType: airflowPrincipalType }
      { container: 'predictions', role: contributor, principalId: airflowPrincipalId, principalType: airflowPrincipalType }
      { container: 'runs', role: contributor, principalId: airflowPrincipalId, principalType: airflowPrincipalType }
      { container: 'logs', role: contributor, principalId: airflowPrincipalId, principalType: airflowPrincipalType }
      { container: 'data', role: mountData ? contributor : reader, principalId: nodes.properties.principalId, principalType: 'ServicePrincipal' }
      { container: 'models', role: contributor, principalId: nodes.properties.principalId, principalType: 'ServicePrincipal' }
      { container: 'predictions', role: contributor, principalId: nodes.properties.principalId, principalType: 'ServicePrincipal' }
      { container: 'runs', role: contributor, principalId: nodes.properties.principalId, principalType: 'ServicePrincipal' }
      { container: 'logs', role: contributor, principalId: nodes.properties.principalId, principalType: 'ServicePrincipal' }
      { container: 'data', role: contributor, principalId: events.outputs.jobPrincipalId, principalType: 'ServicePrincipal' }
      { container: 'models', role: reader, principalId: events.outputs.jobPrincipalId, principalType: 'ServicePrincipal' }
    ]
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: name
    location: location
    isPrivate: isPrivate
    userSubscription: ownSubscription
    batchServicePrincipalId: batchServicePrincipalId
    airflowPrincipalId: airflowPrincipalId
    airflowPrincipalType: airflowPrincipalType
  }
}

module batch 'modules/batch.bicep' = {
  name: 'batch'
  params: {
    name: name
    location: location
    poolName: poolName
    image: '${registry.outputs.server}/${image}'
    registryServer: registry.outputs.server
    identityId: nodes.id
    vmSize: vmSize
    slotsPerNode: slotsPerNode
    maxNodes: maxNodes
    spot: spot
    dedicatedNodes: dedicatedNodes
    storageName: storageName
    mountData: mountData
    mountModels: mountModels
    userSubscription: ownSubscription
    vault: { id: vault.outputs.id, url: vault.outputs.url }
    subnetId: hasNetwork ? net!.outputs.nodesId : ''
    isPrivate: isPrivate
    airflowPrincipalId: airflowPrincipalId
    airflowPrincipalType: airflowPrincipalType
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: { name: name, location: location, alertEmail: alertEmail }
}

module connections 'modules/connections.bicep' = {
  name: 'connections'
  params: {
    vaultName: vault.outputs.name
    batchUrl: batch.outputs.url
    blobUrl: storage.outputs.url
    componentName: monitoring.outputs.componentName
    eventsHost: events.outputs.host
    hub: events.outputs.hub
  }
}

module endpoints 'modules/endpoints.bicep' = if (isPrivate) {
  name: 'endpoints'
  params: {
    location: location
    networkId: net!.outputs.id
    subnetId: net!.outputs.endpointsId
    targets: [
      { name: '${name}-blob', resourceId: storage.outputs.id, group: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
      { name: '${name}-registry', resourceId: registry.outputs.id, group: 'registry', zone: 'privatelink${environment().suffixes.acrLoginServer}' }
      { name: '${name}-vault', resourceId: vault.outputs.id, group: 'vault', zone: 'privatelink.vaultcore.azure.net' }
      { name: '${name}-hub', resourceId: events.outputs.namespaceId, group: 'namespace', zone: 'privatelink.servicebus.windows.net' }
      { name: '${name}-batch', resourceId: batch.outputs.id, group: 'batchAccount', zone: 'privatelink.batch.azure.com' }
      { name: '${name}-nodes', resourceId: batch.outputs.id, group: 'nodeManagement', zone: 'privatelink.batch.azure.com' }
    ]
  }
}

@description('Environment of Airflow.')
output environment object = {
  AIRFLOW__SECRETS__BACKEND: 'airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend'
  AIRFLOW__SECRETS__BACKEND_KWARGS: string({ vault_url: vault.outputs.url, variables_prefix: null, config_prefix: null })
  SENSOR_SCORING_BATCH_ACCOUNT_ID: batch.outputs.id
  SENSOR_SCORING_EVENT_HUB_CONN_ID: 'event_hub_default'
  SENSOR_SCORING_STREAM_JOB_ID: events.outputs.jobId
  SENSOR_SCORING_POOL_ID: poolName
  SENSOR_SCORING_VM_SIZE: vmSize
  SENSOR_SCORING_SLOTS_PER_NODE: string(slotsPerNode)
  SENSOR_SCORING_MAX_NODES: string(maxNodes)
  SENSOR_SCORING_SPOT: spot ? 'true' : 'false'
  SENSOR_SCORING_DEDICATED_NODES: string(dedicatedNodes)
  SENSOR_SCORING_SCORING_IMAGE: '${registry.outputs.server}/${image}'
  SENSOR_SCORING_REGISTRY_SERVER: registry.outputs.server
  SENSOR_SCORING_NODE_IDENTITY: nodes.id
  SENSOR_SCORING_NODE_IDENTITY_CLIENT_ID: nodes.properties.clientId
  SENSOR_SCORING_DATA_MOUNT: mountData ? 'blob' : ''
  SENSOR_SCORING_MODELS_MOUNT: mountModels ? 'blob' : ''
  SENSOR_SCORING_TELEMETRY: 'application-insights'
}
@description('Name of the Stream Analytics job, which is to be started once packs.csv is there.')
output job string = name
