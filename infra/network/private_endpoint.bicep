// A service's address in the network, and its name there.

@description('Name of the endpoint.')
param name string

@description('Region of the endpoint.')
param location string

@description('Tags of the endpoint.')
param tags object

@description('Subnet that it is in.')
param subnetId string

@description('Resource whose service it is.')
param targetId string

@description('Service of that resource.')
param groupId string

@description('Private DNS zone of such services, in the same resource group.')
param zoneName string

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: {
          privateLinkServiceId: targetId
          groupIds: [
            groupId
          ]
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2020-06-01' existing = {
  name: zoneName
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: groupId
        properties: {
          privateDnsZoneId: zone.id
        }
      }
    ]
  }
}
