using '../main.bicep'

// 1,000 sensors: 334 Batch tasks of up to 3 sensors an hour, 64 at once.
param vmSize = 'standard_d4s_v5'
param slotsPerNode = 8
param maxNodes = 8
param partitions = 4
param throughputUnits = 1
param streamingUnits = 10

// What differs between deployments comes from the environment.
param prefix = readEnvironmentVariable('PREFIX', 'scoring')
param image = readEnvironmentVariable('IMAGE')
param poolName = readEnvironmentVariable('POOL', 'sensor-scoring')
param network = readEnvironmentVariable('NETWORK', 'public')
param airflowPrincipalId = readEnvironmentVariable('AIRFLOW_PRINCIPAL_ID')
param airflowPrincipalType = readEnvironmentVariable('AIRFLOW_PRINCIPAL_TYPE', 'ServicePrincipal')
param devicesPrincipalId = readEnvironmentVariable('DEVICES_PRINCIPAL_ID', '')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
param spot = readEnvironmentVariable('SPOT', 'false') == 'true'
param userSubscription = readEnvironmentVariable('USER_SUBSCRIPTION', 'false') == 'true'
param batchServicePrincipalId = readEnvironmentVariable('BATCH_SERVICE_PRINCIPAL_ID', '')
param mountData = readEnvironmentVariable('MOUNT_DATA', 'false') == 'true'
param mountModels = readEnvironmentVariable('MOUNT_MODELS', 'false') == 'true'
