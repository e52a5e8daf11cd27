// The way from devices to readings: an event hub, and the Stream Analytics job of ingest/stream_analytics.

param namespaceName string
param jobName string
param location string
@minValue(2)
@maxValue(32)
param partitions int
@description('Of an event hub: 1 MB or 1,000 events a second each, and as many again while a burst lasts.')
param throughputUnits int
@allowed([3, 7, 10, 20, 30, 40, 50, 60])
param streamingUnits int
@description('Storage account of readings and of the list of packs.')
param storageName string
@description('Whether only private endpoints and the job reach the event hub.')
param isPrivate bool
@description('Principal of the devices; empty for none.')
param devicesPrincipalId string
param airflowPrincipalId string
param airflowPrincipalType string

var roles = loadJsonContent('../roles.json')
var jobText = loadTextContent('../../ingest/stream_analytics/job.json')
var jobOfHub = replace(replace(replace(jobText, '[parameters(\'eventHubNamespace\')]', namespaceName), '[parameters(\'eventHub\')]', 'sensors'), '[parameters(\'consumerGroup\')]', 'stream-analytics')
var definition = json(replace(jobOfHub, '[parameters(\'storageAccount\')]', storageName))

resource namespace 'Microsoft.EventHub/namespaces@2026-01-01' = {
  name: namespaceName
  location: location
  sku: { name: 'Standard', tier: 'Standard', capacity: throughputUnits }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    isAutoInflateEnabled: true
    maximumThroughputUnits: throughputUnits * 2
  }
}

// The job is a trusted service, which comes with its identity.
resource firewall 'Microsoft.EventHub/namespaces/networkRuleSets@2026-01-01' = if (isPrivate) {
  parent: namespace
  name: 'default'
  properties: { defaultAction: 'Deny', trustedServiceAccessEnabled: true }
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2026-01-01' = {
  parent: namespace
  name: 'sensors'
  properties: {
    partitionCount: partitions
    retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: 72 }
  }
}

resource group 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2026-01-01' = {
  parent: hub
  name: 'stream-analytics'
  properties: {}
}

resource job 'Microsoft.StreamAnalytics/streamingjobs@2020-03-01' = {
  name: jobName
  location: location
  identity: { type: 'SystemAssigned' }
  properties: union(definition, {
    transformation: {
      name: definition.transformation.name
      properties: {
        streamingUnits: streamingUnits
        query: loadTextContent('../../ingest/stream_analytics/query.asaql')
      }
    }
  })
  dependsOn: [group]
}

resource jobReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, job.id, 'Azure Event Hubs Data Receiver')
  scope: hub
  properties: {
    principalId: job.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Azure Event Hubs Data Receiver']
    )
  }
}

// For the preflight: what has arrived, and whether the job runs.
resource airflowReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, airflowPrincipalId, 'Azure Event Hubs Data Receiver')
  scope: hub
  properties: {
    principalId: airflowPrincipalId
    principalType: airflowPrincipalType
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Azure Event Hubs Data Receiver']
    )
  }
}

resource airflowReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(job.id, airflowPrincipalId, 'Reader')
  scope: job
  properties: {
    principalId: airflowPrincipalId
    principalType: airflowPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.Reader)
  }
}

resource devicesSend 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(devicesPrincipalId)) {
  name: guid(hub.id, devicesPrincipalId, 'Azure Event Hubs Data Sender')
  scope: hub
  properties: {
    principalId: devicesPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Azure Event Hubs Data Sender']
    )
  }
}

output namespaceId string = namespace.id
output host string = replace(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':443/', '')
output hub string = hub.name
output jobId string = job.id
output jobPrincipalId string = job.identity.principalId
