// Airflow's connections, as secrets with the names that its secrets backend asks for. None of them holds a key.

param vaultName string
@description('Address of the Batch account.')
param batchUrl string
@description('Address of the Blob service.')
param blobUrl string
@description('Application Insights that runs send to.')
param componentName string
@description('Host name of the namespace of the event hub.')
param eventsHost string
param hub string

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

var connections = {
  'azure-batch-default': { conn_type: 'azure_batch', extra: { account_url: batchUrl } }
  'wasb-default': { conn_type: 'wasb', host: blobUrl }
  'event-hub-default': { conn_type: 'azure_event_hub', host: eventsHost, schema: hub }
  'application-insights-default': { conn_type: 'generic', password: component.properties.ConnectionString }
}

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2026-05-15' = [
  for each in ['azure-batch-default', 'wasb-default', 'event-hub-default', 'application-insights-default']: {
    parent: vault
    name: 'airflow-connections-${each}'
    properties: { value: string(connections[each]), contentType: 'application/json' }
  }
]
