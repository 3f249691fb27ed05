// The virtual network of an environment whose services have no public address.

@description('What makes the names of an environment unique.')
param token string

@description('Region of the network.')
param location string

@description('Tags of all of it.')
param tags object

@description('Who places container groups in the network.')
param principalId string

@description('Role that allows it.')
param joinRoleDefinitionId string

var zones = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.queue.${environment().suffixes.storage}'
  'privatelink.table.${environment().suffixes.storage}'
  'privatelink.postgres.database.azure.com'
]

// Its default rules are what is wanted: nothing comes in from outside.
resource rules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-${token}'
  location: location
  tags: tags
}

// The one address that everything in the network sends from.
resource address 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'pip-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

resource gateway 'Microsoft.Network/natGateways@2024-05-01' = {
  name: 'ng-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIpAddresses: [
      { id: address.id }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.70.0.0/20'
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.70.0.0/24'
          natGateway: { id: gateway.id }
          networkSecurityGroup: { id: rules.id }
          delegations: [
            {
              name: 'app'
              properties: { serviceName: 'Microsoft.App/environments' }
            }
          ]
        }
      }
      {
        name: 'workers'
        properties: {
          addressPrefix: '10.70.4.0/22'
          natGateway: { id: gateway.id }
          networkSecurityGroup: { id: rules.id }
          delegations: [
            {
              name: 'workers'
              properties: { serviceName: 'Microsoft.ContainerInstance/containerGroups' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.70.1.0/26'
          networkSecurityGroup: { id: rules.id }
        }
      }
    ]
  }
}

resource workerSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'workers'
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(workerSubnet.id, principalId, joinRoleDefinitionId)
  scope: workerSubnet
  properties: {
    roleDefinitionId: joinRoleDefinitionId
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
  dependsOn: [
    network
  ]
}

resource privateZones 'Microsoft.Network/privateDnsZones@2020-06-01' = [for zone in zones: {
  name: zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [for (zone, number) in zones: {
  parent: privateZones[number]
  name: 'vnet-${token}'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: network.id }
  }
}]

output appSubnetId string = '${network.id}/subnets/app'
output workerSubnetId string = workerSubnet.id
output endpointSubnetId string = '${network.id}/subnets/endpoints'
