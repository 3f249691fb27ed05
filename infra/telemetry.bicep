// Application Insights on a Log Analytics workspace; telemetry is sent by identities alone.

@description('What makes the names of an environment unique.')
param token string

@description('Region of both.')
param location string

@description('Tags of both.')
param tags object

@description('Days for which telemetry is kept.')
param retentionDays int

@description('Most GB a day; -1: no limit.')
param dailyCap int

@description('Who has which role on Application Insights: objects of principalId and role, a name in roles.json.')
param grants array

var roles = loadJsonContent('roles.json')

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCap
    }
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for grant in grants: {
  name: guid(insights.id, grant.principalId, grant.role)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role])
    principalId: grant.principalId
    principalType: 'ServicePrincipal'
  }
}]

output workspaceId string = workspace.id
output applicationInsightsId string = insights.id
output connectionString string = insights.properties.ConnectionString
