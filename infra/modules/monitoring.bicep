// Application Insights with the workbook and the alert rules of monitoring/.

param name string
param location string
@description('Address that alerts go to; empty for none.')
param alertEmail string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  properties: { sku: { name: 'PerGB2018' }, retentionInDays: 30 }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    IngestionMode: 'LogAnalytics'
    WorkspaceResourceId: workspace.id
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: name
  location: 'global'
  properties: {
    enabled: true
    groupShortName: 'scoring'
    emailReceivers: [{ name: 'people', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

module rules '../../monitoring/application-insights.json' = {
  name: 'rules'
  params: {
    applicationInsightsId: component.id
    actionGroupIds: empty(alertEmail) ? [] : [people.id]
    location: location
  }
}

output componentName string = component.name
