// Everything that ACI jobs is in Azure: one resource group for what stays, one for the container
// groups of runs, and who may do what. `docs/deploy.md` tells how it is used, `docs/roles.md` why
// each grant is here.
targetScope = 'subscription'

@minLength(1)
@maxLength(50)
@description('Names the environment; part of the names of both resource groups.')
param environmentName string

@minLength(1)
@description('Region of everything, and of container groups unless a job names others.')
param location string

// Without a default azd would ask for it before its hook has told it.
@description('Tag of the worker\'s image in the registry; needed. A hook of azd sets it to a digest of `worker_image/`.')
param workerImageTag string = ''

@allowed([
  '3.11'
  '3.12'
  '3.13'
])
@description('Python of the function app.')
param pythonVersion string = '3.13'

@allowed([
  512
  2048
  4096
])
@description('Memory of an instance of the function app in MB.')
param instanceMemory int = 2048

@minValue(1)
@maxValue(1000)
@description('Most instances that the function app scales out to; some regions want 40 or more.')
param maximumInstances int = 40

@allowed([
  'public'
  'private'
])
@description('`public`: services have public addresses and let identities in alone. `private`: storage, the database, the app\'s way to them and the container groups are in a virtual network; no spot groups then.')
param networkAccess string = 'public'

@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
])
@description('Redundancy of both storage accounts.')
param storageRedundancy string = 'Standard_LRS'

@minValue(1)
@maxValue(365)
@description('Days for which deleted and overwritten blobs can be restored.')
param softDeleteDays int = 7

@allowed([
  'Basic'
  'Standard'
  'Premium'
])
@description('Tier of the container registry.')
param registryTier string = 'Basic'

@allowed([
  'none'
  'burstable'
  'general'
])
@description('A PostgreSQL server of its own as the sink: none, one for trials, or one for work.')
param postgresql string = 'none'

@allowed([
  32
  64
  128
  256
  512
  1024
  2048
  4096
])
@description('Storage of that server in GB.')
param postgresqlStorage int = 64

@secure()
@description('Connection string of another PostgreSQL database as the sink, if `postgresql` is none; without a password the worker\'s identity signs in.')
param postgresqlUrl string = ''

@description('Hosts that sinks over HTTP may be at, separated by commas.')
param httpHosts string = ''

@secure()
@description('The `Authorization` header that workers send to sinks over HTTP.')
param sinkSecret string = ''

@secure()
@description('Address that is told of runs; empty: nobody is.')
param webhookUrl string = ''

@secure()
@description('Key that signs what the webhook is told: `whsec_` and base64.')
param webhookSecret string = ''

@description('OpenTelemetry collector that telemetry goes to beside Application Insights, over HTTP; empty: none.')
param otlpEndpoint string = ''

@secure()
@description('Headers for that collector, as OpenTelemetry writes them.')
param otlpHeaders string = ''

@description('Share of units whose work is traced, 0 to 1; what fails always is.')
param traceShare string = '0.05'

@description('Price of a vCPU second of a container group, in your currency and region.')
param priceVcpuSecond string = '0.0000113'

@description('Price of a GB second of a container group.')
param priceGbSecond string = '0.0000012'

@description('What spot takes off both, 0 to 1.')
param priceSpotDiscount string = '0.7'

@minValue(1)
@description('Days after which ended runs are forgotten.')
param retentionDays int = 30

@minValue(30)
@maxValue(730)
@description('Days for which Log Analytics keeps telemetry.')
param logRetentionDays int = 30

@description('Most GB of telemetry a day; what is beyond is dropped until the next day. -1: no limit.')
param logDailyCap int = 1

@description('Who is told of alerts; empty: they are in the portal alone.')
param alertEmail string = ''

@minValue(0)
@description('Budget of the container groups a month, in the subscription\'s currency; 0: none.')
param monthlyBudget int = 0

@description('First day of the month that the budget begins in; empty: this month. azd keeps it, as Azure does not change it.')
param budgetStart string = ''

@description('Not to be given.')
param thisMonth string = utcNow('yyyy-MM-01')

var token = uniqueString(subscription().id, environmentName, location)
var tags = {
  app: 'aci-jobs'
  'azd-env-name': environmentName
}
var isPrivate = networkAccess == 'private'
var budgetBegins = empty(budgetStart) ? thisMonth : budgetStart
var hasPostgresql = postgresql != 'none'
var imageName = 'aci-jobs/worker:${workerImageTag}'
// Without the slash at its end: the app adds paths to it.
var resourceManager = take(environment().resourceManager, length(environment().resourceManager) - 1)

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

resource workersGroup 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}-workers'
  location: location
  tags: tags
}

module appIdentity 'identity.bicep' = {
  name: 'app-identity'
  scope: group
  params: {
    name: 'id-app-${token}'
    location: location
    tags: tags
    grants: []
  }
}

module workerIdentity 'identity.bicep' = {
  name: 'worker-identity'
  scope: group
  params: {
    name: 'id-worker-${token}'
    location: location
    tags: tags
    grants: [
      { principalId: appIdentity.outputs.principalId, role: 'Managed Identity Operator' }
    ]
  }
}

module containerGroupsRole 'custom_role.bicep' = {
  name: 'container-groups-role-${token}'
  params: {
    name: 'aci-jobs ${environmentName} container groups'
    summary: 'Creates, watches and deletes container groups.'
    actions: [
      'Microsoft.ContainerInstance/containerGroups/read'
      'Microsoft.ContainerInstance/containerGroups/write'
      'Microsoft.ContainerInstance/containerGroups/delete'
      'Microsoft.ContainerInstance/containerGroups/containers/logs/read'
    ]
    token: token
  }
}

module quotasRole 'custom_role.bicep' = {
  name: 'quotas-role-${token}'
  params: {
    name: 'aci-jobs ${environmentName} quotas'
    summary: 'Reads what the quotas of container groups have left.'
    actions: [
      'Microsoft.ContainerInstance/locations/usages/read'
    ]
    token: token
  }
}

module subnetRole 'custom_role.bicep' = if (isPrivate) {
  name: 'subnet-role-${token}'
  params: {
    name: 'aci-jobs ${environmentName} subnet'
    summary: 'Places container groups in a subnet.'
    actions: [
      'Microsoft.Network/virtualNetworks/subnets/join/action'
    ]
    token: token
  }
}

module workers 'workers.bicep' = {
  name: 'workers'
  scope: workersGroup
  params: {
    principalId: appIdentity.outputs.principalId
    roleDefinitionId: containerGroupsRole.outputs.id
  }
}

module quotas 'quotas.bicep' = {
  name: 'quotas-${token}'
  params: {
    principalId: appIdentity.outputs.principalId
    roleDefinitionId: quotasRole.outputs.id
  }
}

module network 'network/network.bicep' = if (isPrivate) {
  name: 'network'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    principalId: appIdentity.outputs.principalId
    joinRoleDefinitionId: isPrivate ? subnetRole.outputs.id : ''
  }
}

// The host's own: deployment packages, Durable's state, timers and keys.
module hostStorage 'storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: tags
    redundancy: storageRedundancy
    softDeleteDays: softDeleteDays
    containers: [
      'deployments'
    ]
    endpointSubnetId: isPrivate ? network.outputs.endpointSubnetId : ''
    privateServices: [
      'blob'
      'queue'
      'table'
    ]
    grants: [
      { principalId: appIdentity.outputs.principalId, role: 'Storage Blob Data Owner' }
      { principalId: appIdentity.outputs.principalId, role: 'Storage Queue Data Contributor' }
      { principalId: appIdentity.outputs.principalId, role: 'Storage Table Data Contributor' }
    ]
  }
}

// The runs': queues, records, documents.
module dataStorage 'storage.bicep' = {
  name: 'data-storage'
  scope: group
  params: {
    name: 'stdata${token}'
    location: location
    tags: tags
    redundancy: storageRedundancy
    softDeleteDays: softDeleteDays
    containers: []
    endpointSubnetId: isPrivate ? network.outputs.endpointSubnetId : ''
    privateServices: [
      'blob'
      'queue'
    ]
    grants: [
      { principalId: appIdentity.outputs.principalId, role: 'Storage Blob Data Contributor' }
      { principalId: appIdentity.outputs.principalId, role: 'Storage Queue Data Contributor' }
      { principalId: workerIdentity.outputs.principalId, role: 'Storage Blob Data Contributor' }
      { principalId: workerIdentity.outputs.principalId, role: 'Storage Queue Data Contributor' }
    ]
  }
}

module registry 'registry.bicep' = {
  name: 'registry'
  scope: group
  params: {
    name: 'cr${token}'
    location: location
    tags: tags
    tier: registryTier
    grants: [
      { principalId: workerIdentity.outputs.principalId, role: 'AcrPull' }
    ]
  }
}

module telemetry 'telemetry.bicep' = {
  name: 'telemetry'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCap: logDailyCap
    grants: [
      { principalId: appIdentity.outputs.principalId, role: 'Monitoring Metrics Publisher' }
      { principalId: workerIdentity.outputs.principalId, role: 'Monitoring Metrics Publisher' }
    ]
  }
}

module database 'postgresql.bicep' = if (hasPostgresql) {
  name: 'postgresql'
  scope: group
  params: {
    name: 'psql-${token}'
    location: location
    tags: tags
    size: postgresql
    storageGb: postgresqlStorage
    endpointSubnetId: isPrivate ? network.outputs.endpointSubnetId : ''
    administratorName: workerIdentity.outputs.name
    administratorPrincipalId: workerIdentity.outputs.principalId
  }
}

module app 'function_app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    name: 'func-${token}'
    planName: 'plan-${token}'
    location: location
    tags: tags
    pythonVersion: pythonVersion
    instanceMemory: instanceMemory
    maximumInstances: maximumInstances
    identityId: appIdentity.outputs.id
    identityClientId: appIdentity.outputs.clientId
    storageName: hostStorage.outputs.name
    deploymentContainerUrl: '${hostStorage.outputs.blobEndpoint}deployments'
    subnetId: isPrivate ? network.outputs.appSubnetId : ''
    settings: {
      ACI_JOBS_BLOB_ENDPOINT: dataStorage.outputs.blobEndpoint
      ACI_JOBS_QUEUE_ENDPOINT: dataStorage.outputs.queueEndpoint
      ACI_JOBS_SUBSCRIPTION_ID: subscription().subscriptionId
      ACI_JOBS_RESOURCE_GROUP: workersGroup.name
      ACI_JOBS_LOCATION: location
      ACI_JOBS_ARM_ENDPOINT: resourceManager
      ACI_JOBS_WORKER_IMAGE: '${registry.outputs.server}/${imageName}'
      ACI_JOBS_WORKER_IDENTITY_ID: workerIdentity.outputs.id
      ACI_JOBS_WORKER_IDENTITY_CLIENT_ID: workerIdentity.outputs.clientId
      ACI_JOBS_REGISTRY_SERVER: registry.outputs.server
      ACI_JOBS_SUBNET_ID: isPrivate ? network.outputs.workerSubnetId : ''
      ACI_JOBS_HTTP_HOSTS: httpHosts
      APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry.outputs.connectionString
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
      ACI_JOBS_TRACE_SHARE: traceShare
      ACI_JOBS_PRICE_VCPU_SECOND: priceVcpuSecond
      ACI_JOBS_PRICE_GB_SECOND: priceGbSecond
      ACI_JOBS_PRICE_SPOT_DISCOUNT: priceSpotDiscount
      ACI_JOBS_RETENTION_DAYS: string(retentionDays)
    }
    secretSettings: {
      ACI_JOBS_POSTGRESQL_URL: hasPostgresql ? database.outputs.url : postgresqlUrl
      ACI_JOBS_SINK_SECRET: sinkSecret
      ACI_JOBS_WEBHOOK_URL: webhookUrl
      ACI_JOBS_WEBHOOK_SECRET: webhookSecret
      OTEL_EXPORTER_OTLP_HEADERS: otlpHeaders
    }
  }
}

module monitoring 'monitoring/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: telemetry.outputs.workspaceId
    applicationInsightsId: telemetry.outputs.applicationInsightsId
    alertEmail: alertEmail
    monthlyBudget: monthlyBudget
    budgetStart: budgetBegins
    workersResourceGroupName: workersGroup.name
    appName: app.outputs.name
    dashboardUrl: app.outputs.dashboardUrl
  }
}

@description('Resource id of the function app: what `aci-jobs --app` takes.')
output ACI_JOBS_APP string = app.outputs.id

@description('Name of the function app.')
output ACI_JOBS_APP_NAME string = app.outputs.name

@description('Where the HTTP API is.')
output ACI_JOBS_API_URL string = app.outputs.apiUrl

@description('Where the dashboard is; it wants a function key, which `aci-jobs open` adds.')
output ACI_JOBS_DASHBOARD_URL string = app.outputs.dashboardUrl

@description('Image that container groups run.')
output ACI_JOBS_WORKER_IMAGE string = '${registry.outputs.server}/${imageName}'

@description('Name of the registry that the hooks build the image in.')
output ACI_JOBS_REGISTRY string = registry.outputs.name

@description('Storage account of documents, queues and records.')
output ACI_JOBS_DATA_STORAGE string = dataStorage.outputs.name

@description('When the budget began, if there is one.')
output ACI_JOBS_BUDGET_START string = monthlyBudget > 0 ? budgetBegins : ''

@description('Resource group of all but the container groups.')
output AZURE_RESOURCE_GROUP string = group.name
