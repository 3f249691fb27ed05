// Quotas are of the subscription: there is no narrower scope to read them at.
targetScope = 'subscription'

@description('Who reads them.')
param principalId string

@description('Role that allows it.')
param roleDefinitionId string

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, roleDefinitionId)
  properties: {
    roleDefinitionId: roleDefinitionId
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
