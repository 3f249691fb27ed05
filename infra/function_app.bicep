// The function app on a Flex Consumption plan, and all its settings.

@description('Name of the app.')
param name string

@description('Name of its plan.')
param planName string

@description('Region of both.')
param location string

@description('Tags of both.')
param tags object

@description('Version of Python.')
param pythonVersion string

@description('Memory of an instance in MB.')
param instanceMemory int

@description('Most instances.')
param maximumInstances int

@description('Resource id of the identity that the app is.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Storage account of the host.')
param storageName string

@description('Blob container of deployment packages.')
param deploymentContainerUrl string

@description('Subnet through which the app sends; empty: none.')
param subnetId string

@description('Settings of the app that this deployment decides.')
param settings object

@secure()
@description('Those of them that are secrets.')
param secretSettings object

// What the host reads, and the SDKs beside it.
var hostSettings = {
  AzureWebJobsStorage__accountName: storageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  PYTHON_THREADPOOL_THREAD_COUNT: '8'
}

// The code's own defaults, written down so that they can be seen and changed.
var paceSettings = {
  ACI_JOBS_STORAGE_CONNECTION_STRING: ''
  ACI_JOBS_TICK_SECONDS: '15'
  ACI_JOBS_SEED_WINDOW: '10000'
  ACI_JOBS_SEED_PAGE: '500'
  ACI_JOBS_BODY_LIMIT: '1000000'
  ACI_JOBS_WORKER_VISIBILITY_SECONDS: '120'
  ACI_JOBS_WORKER_IDLE_SECONDS: '60'
  ACI_JOBS_WORKER_HEARTBEAT_SECONDS: '5'
  ACI_JOBS_WORKER_RETRY_SECONDS: '5'
}

var url = 'https://${app.properties.defaultHostName}'

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // Settings may refer to secrets of a Key Vault; the app's own identity reads them.
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      scaleAndConcurrency: {
        alwaysReady: []
        instanceMemoryMB: instanceMemory
        maximumInstanceCount: maximumInstances
      }
    }
  }
}

// Apart from the app, as its own address is one of them.
resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(hostSettings, paceSettings, settings, secretSettings, { ACI_JOBS_PUBLIC_URL: url })
}

// Nobody deploys by a user name and a password.
resource passwordsOfFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource passwordsOfScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

output id string = app.id
output name string = app.name
output apiUrl string = '${url}/api'
output dashboardUrl string = '${url}/api/dashboard'
