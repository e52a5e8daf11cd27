using '../main.bicep'

// 20,000 sensors: 400 Batch tasks of 50 sensors an hour, 128 at once. A reading a sensor every ten seconds is 2,000
// events a second, two throughput units.
param vmSize = 'standard_d4s_v5'
param slotsPerNode = 8
param maxNodes = 16
param partitions = 16
param throughputUnits = 2
param streamingUnits = 20

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
