// The container registry: the worker's image, and images of programs that are based on it.

@description('Name of the registry.')
param name string

@description('Region of the registry.')
param location string

@description('Tags of the registry.')
param tags object

@description('Tier of the registry.')
param tier string

@description('Who has which role on the registry: objects of principalId and role, a name in roles.json.')
param grants array

var roles = loadJsonContent('roles.json')

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: tier
  }
  properties: {
    adminUserEnabled: false
  }
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for grant in grants: {
  name: guid(registry.id, grant.principalId, grant.role)
  scope: registry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role])
    principalId: grant.principalId
    principalType: 'ServicePrincipal'
  }
}]

output name string = registry.name
output server string = registry.properties.loginServer
