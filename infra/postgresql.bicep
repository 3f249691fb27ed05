// A PostgreSQL server that knows no passwords. The worker's identity is its administrator, as the
// server is there for the workers alone.

@description('Name of the server.')
param name string

@description('Region of the server.')
param location string

@description('Tags of the server.')
param tags object

@description('How much it can do: a name of `sizes`.')
param size string

@description('Storage in GB.')
param storageGb int

@description('Subnet of private endpoints; empty: the server has a public address.')
param endpointSubnetId string

@description('Name of the identity that administers the server: its user name.')
param administratorName string

@description('Object id of that identity.')
param administratorPrincipalId string

var isPrivate = !empty(endpointSubnetId)
var databaseName = 'jobs'
var sizes = {
  burstable: {
    name: 'Standard_B2s'
    tier: 'Burstable'
  }
  general: {
    name: 'Standard_D4ds_v5'
    tier: 'GeneralPurpose'
  }
}

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: name
  location: location
  tags: tags
  sku: sizes[size]
  properties: {
    version: '16'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    backup: {
      backupRetentionDays: 7
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: 'Disabled'
    }
    network: {
      publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    }
    storage: {
      storageSizeGB: storageGb
      autoGrow: 'Enabled'
    }
  }
}

resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: server
  name: administratorPrincipalId
  properties: {
    principalName: administratorName
    principalType: 'ServicePrincipal'
    tenantId: tenant().tenantId
  }
}

// One change of a server at a time: the administrator, then the database, then the firewall.
resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: databaseName
  properties: {
    charset: 'UTF8'
  }
  dependsOn: [
    administrator
  ]
}

// Container groups outside a network have no address of their own: Azure's addresses may knock,
// and the identity alone is let in.
resource azureServices 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = if (!isPrivate) {
  parent: server
  name: 'azure-services'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
  dependsOn: [
    database
  ]
}

module endpoint 'network/private_endpoint.bicep' = if (isPrivate) {
  name: '${name}-server'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    subnetId: endpointSubnetId
    targetId: server.id
    groupId: 'postgresqlServer'
    zoneName: 'privatelink.postgres.database.azure.com'
  }
  dependsOn: [
    database
  ]
}

output url string = 'postgresql://${administratorName}@${server.properties.fullyQualifiedDomainName}:5432/${databaseName}?sslmode=verify-full'
