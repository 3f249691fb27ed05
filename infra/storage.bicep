// A storage account that lets identities in, and nobody by a key.

@description('Name of the account.')
param name string

@description('Region of the account.')
param location string

@description('Tags of the account.')
param tags object

@description('How many copies there are, and where.')
param redundancy string

@description('Days for which deleted and overwritten blobs can be restored.')
param softDeleteDays int

@description('Names of blob containers to create; the app makes those of its own.')
param containers array

@description('Subnet of private endpoints; empty: the account has a public address.')
param endpointSubnetId string

@description('Services that have a private endpoint if there is such a subnet.')
param privateServices array

@description('Who has which role on the account: objects of principalId and role, a name in roles.json.')
param grants array

var roles = loadJsonContent('roles.json')
var isPrivate = !empty(endpointSubnetId)

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [for container in containers: {
  parent: blobs
  name: container
  properties: {
    publicAccess: 'None'
  }
}]

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for grant in grants: {
  name: guid(account.id, grant.principalId, grant.role)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role])
    principalId: grant.principalId
    principalType: 'ServicePrincipal'
  }
}]

module endpoints 'network/private_endpoint.bicep' = [for service in (isPrivate ? privateServices : []): {
  name: '${name}-${service}'
  params: {
    name: 'pe-${name}-${service}'
    location: location
    tags: tags
    subnetId: endpointSubnetId
    targetId: account.id
    groupId: service
    zoneName: 'privatelink.${service}.${environment().suffixes.storage}'
  }
}]

output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
