// The workbook. Its layout is `workbook.json`, where @@runs.kql@@ stands for the query of that file
// and @@workspaceId@@ for what only a deployment knows; both are put in here.

param location string
param tags object
param workspaceId string
param applicationInsightsId string
param appName string
param dashboardUrl string

var values = {
  workspaceId: workspaceId
  applicationInsightsId: applicationInsightsId
  appName: appName
  dashboardUrl: dashboardUrl
  'app_errors.kql': loadTextContent('queries/app_errors.kql')
  'costs.kql': loadTextContent('queries/costs.kql')
  'dead_letters.kql': loadTextContent('queries/dead_letters.kql')
  'groups.kql': loadTextContent('queries/groups.kql')
  'log.kql': loadTextContent('queries/log.kql')
  'orphans.kql': loadTextContent('queries/orphans.kql')
  'outcomes.kql': loadTextContent('queries/outcomes.kql')
  'queues.kql': loadTextContent('queries/queues.kql')
  'rows_per_second.kql': loadTextContent('queries/rows_per_second.kql')
  'run_figures.kql': loadTextContent('queries/run_figures.kql')
  'run_names.kql': loadTextContent('queries/run_names.kql')
  'run_states.kql': loadTextContent('queries/run_states.kql')
  'runs.kql': loadTextContent('queries/runs.kql')
  'slowest_units.kql': loadTextContent('queries/slowest_units.kql')
  'spending.kql': loadTextContent('queries/spending.kql')
  'trace.kql': loadTextContent('queries/trace.kql')
  'unit_durations.kql': loadTextContent('queries/unit_durations.kql')
  'units_per_second.kql': loadTextContent('queries/units_per_second.kql')
}

// Each as it stands between the quotes of JSON: a list of one text, less its first and last two
// characters.
var quoted = mapValues(values, value => substring(string([value]), 2, length(string([value])) - 4))

// Every second part is a name.
var parts = split(loadTextContent('workbook.json'), '@@')
var filled = join(map(parts, part => contains(quoted, part) ? quoted[part] : part), '')

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, appName, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: appName
    category: 'workbook'
    sourceId: applicationInsightsId
    serializedData: filled
  }
}

output id string = workbook.id
