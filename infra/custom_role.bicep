// A role of exactly these actions. It can be assigned anywhere in the subscription, and is where
// main.bicep assigns it; `hooks/leftovers.py` deletes it by its name, as no resource group does.
targetScope = 'subscription'

@description('Name of the role; the token is added to it, as names of roles are those of a tenant.')
param name string

@description('What the role is for.')
param summary string

@description('Actions of Azure Resource Manager that it allows.')
param actions array

@description('What makes the names of an environment unique.')
param token string

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, token, name)
  properties: {
    roleName: '${name} ${token}'
    description: summary
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      { actions: actions }
    ]
  }
}

output id string = role.id
