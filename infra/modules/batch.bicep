// The Batch account and its pool. Nobody signs in with a key.

param name string
param location string
@description('Pool id: SENSOR_SCORING_POOL_ID.')
param poolName string
@description('Container image of the scorer, with its registry.')
param image string
@description('Registry of that image.')
param registryServer string
@description('Resource id of the identity of the nodes, which pulls the image and signs in to storage.')
param identityId string
param vmSize string
@description('Batch tasks that run at once on a node.')
param slotsPerNode int
@description('Ceiling of the autoscale formula.')
param maxNodes int
@description('Whether nodes are Spot nodes.')
param spot bool
@description('With spot: so many nodes are dedicated all the same.')
param dedicatedNodes int
@description('Whether nodes are in this subscription and not in one of the Batch service.')
param userSubscription bool
@description('Key vault that a Batch account in user-subscription mode keeps secrets in: id and url.')
param vault object
@description('Subnet of the nodes, which then have no public address; empty for none.')
param subnetId string
@description('Storage account whose containers are mounted.')
param storageName string
@description('Whether nodes mount readings through BlobFuse: SENSOR_SCORING_DATA_MOUNT is blob.')
param mountData bool
@description('Whether they mount models.')
param mountModels bool
@description('Whether only private endpoints reach the account.')
param isPrivate bool
param airflowPrincipalId string
param airflowPrincipalType string

var roles = loadJsonContent('../roles.json')
// What the product would set itself: docs/generate.py writes the file from the code that makes the formula.
var formulas = loadJsonContent('../formulas.json')
var sized = replace(replace(spot ? formulas.spot : formulas.dedicated, '{maxNodes}', string(maxNodes)), '{slotsPerNode}', string(slotsPerNode))
var formula = replace(sized, '{dedicatedNodes}', string(dedicatedNodes))

// As plugins/sensor_scoring/azure_batch/pool/mounts.py has them: a model never changes and may be kept, a reading may change.
var mountOptions = '--read-only=true --allow-other=true'
var mounts = [
  {
    isMounted: mountData
    container: 'data'
    options: '${mountOptions} --disable-kernel-cache=true --attr-cache-timeout=0 --file-cache-timeout=0'
  }
  {
    isMounted: mountModels
    container: 'models'
    options: '${mountOptions} --attr-cache-timeout=86400 --file-cache-timeout=86400'
  }
]

resource account 'Microsoft.Batch/batchAccounts@2025-06-01' = {
  name: name
  location: location
  properties: {
    allowedAuthenticationModes: ['AAD']
    poolAllocationMode: userSubscription ? 'UserSubscription' : 'BatchService'
    keyVaultReference: userSubscription ? vault : null
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

// Nodes always speak to the service by themselves ("simplified" communication): this API has no other way.
resource pool 'Microsoft.Batch/batchAccounts/pools@2025-06-01' = {
  parent: account
  name: poolName
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    vmSize: vmSize
    deploymentConfiguration: {
      virtualMachineConfiguration: {
        imageReference: { publisher: 'microsoft-dsvm', offer: 'ubuntu-hpc', sku: '2404', version: 'latest' }
        nodeAgentSkuId: 'batch.node.ubuntu 24.04'
        containerConfiguration: {
          type: 'DockerCompatible'
          containerImageNames: [image]
          containerRegistries: [{ registryServer: registryServer, identityReference: { resourceId: identityId } }]
        }
      }
    }
    taskSlotsPerNode: slotsPerNode
    taskSchedulingPolicy: { nodeFillType: 'Pack' }
    scaleSettings: { autoScale: { formula: formula, evaluationInterval: 'PT5M' } }
    networkConfiguration: empty(subnetId) ? null : {
      subnetId: subnetId
      publicIPAddressConfiguration: { provision: 'NoPublicIPAddresses' }
    }
    mountConfiguration: [
      for mount in filter(mounts, mount => mount.isMounted): {
        azureBlobFileSystemConfiguration: {
          accountName: storageName
          containerName: mount.container
          relativeMountPath: mount.container
          blobfuseOptions: mount.options
          identityReference: { resourceId: identityId }
        }
      }
    ]
    // With this mark the DAG pool_watch may cure the pool.
    metadata: [{ name: 'made-by', value: 'sensor-scoring' }]
  }
}

resource airflowRuns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, airflowPrincipalId, 'Azure Batch Data Contributor')
  scope: account
  properties: {
    principalId: airflowPrincipalId
    principalType: airflowPrincipalType
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Azure Batch Data Contributor']
    )
  }
}

output id string = account.id
output url string = 'https://${account.properties.accountEndpoint}'
