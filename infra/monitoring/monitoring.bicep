// Watching the app in the Azure portal: a workbook, alerts, and a budget for the workers.
//
// Every query is a file in `queries/`: a workbook and an alert that need the same words take them
// from there. `tests/deployment` proves each of them.
//
// The workspace is this app's own: what another one sends there would be taken for this one's.

@description('Where the alert rules and the workbook are kept: the region of the workspace.')
param location string
param tags object
@description('The Log Analytics workspace that Application Insights stands on.')
param workspaceId string
param applicationInsightsId string
@description('Who gets the alerts; with none they are shown in the portal alone.')
param alertEmail string = ''
@description('In the currency of the subscription; 0 is no budget.')
@minValue(0)
param monthlyBudget int = 0
@description('The first day of the month in which the budget begins. Azure never changes it: give the one of the first deployment, or a later deployment makes another budget.')
param budgetStart string = utcNow('yyyy-MM-01')
@description('The resource group of the container groups.')
param workersResourceGroupName string
param appName string
@description('The address of the dashboard, without a key.')
param dashboardUrl string

@description('Alert above so many new dead letters of a run in 15 minutes.')
@minValue(0)
param deadLettersAbove int = 0
@description('Alert if a run has not moved for so many minutes; by default it ends by itself after 30.')
@minValue(1)
param stalledMinutes int = 20
@description('Alert if a run costs more, in the currency of the prices that the app is set to.')
@minValue(0)
param runCostAbove int = 50
@description('Alert above so many errors of the app in 15 minutes.')
@minValue(0)
param appErrorsAbove int = 5

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: '${appName}-people'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'aci-jobs'
    enabled: true
    emailReceivers: [
      {
        name: 'people'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

module alerts 'alerts.bicep' = {
  name: '${appName}-alerts'
  params: {
    location: location
    tags: tags
    workspaceId: workspaceId
    actionGroupIds: empty(alertEmail) ? [] : [people.id]
    appName: appName
    dashboardUrl: dashboardUrl
    deadLettersAbove: deadLettersAbove
    stalledMinutes: stalledMinutes
    runCostAbove: runCostAbove
    appErrorsAbove: appErrorsAbove
  }
}

module workbook 'workbook.bicep' = {
  name: '${appName}-workbook'
  params: {
    location: location
    tags: tags
    workspaceId: workspaceId
    applicationInsightsId: applicationInsightsId
    appName: appName
    dashboardUrl: dashboardUrl
  }
}

module budget 'budget.bicep' = if (monthlyBudget > 0) {
  name: '${appName}-budget'
  scope: resourceGroup(workersResourceGroupName)
  params: {
    appName: appName
    amount: monthlyBudget
    start: budgetStart
    alertEmail: alertEmail
  }
}

output workbookId string = workbook.outputs.id
