// The alerts. Each rule runs its query over the window that ends now, and aggregates one of its
// columns, for each run by itself where there is a `run`. They look every five minutes over fifteen
// or more, since telemetry may come minutes late; an alert resolves by itself once its window is
// clear, and says so, whether or not what it was about has been mended.
//
// `docs/operate.md` has a row for each: the cause, and what to do.

param location string
param tags object
param workspaceId string
param actionGroupIds array
param appName string
param dashboardUrl string
@minValue(0)
param deadLettersAbove int
@minValue(1)
param stalledMinutes int
@description('In the currency of the prices that the app is set to.')
@minValue(0)
param runCostAbove int
@minValue(0)
param appErrorsAbove int

var everyRun = [
  {
    name: 'run'
    operator: 'Include'
    values: ['*']
  }
]

var rules = [
  {
    name: 'dead-letters'
    title: 'Units became dead letters'
    description: 'They wait for somebody. Type: aci-jobs doctor RUN, then aci-jobs dead RUN for the causes; mend the cause, then aci-jobs redrive RUN.'
    severity: 2
    window: 'PT15M'
    criterion: {
      query: loadTextContent('queries/alert_dead_letters.kql')
      timeAggregation: 'Total'
      metricMeasureColumn: 'units'
      dimensions: everyRun
      operator: 'GreaterThan'
      threshold: deadLettersAbove
    }
  }
  {
    name: 'stalled'
    title: 'A run does not move'
    description: 'Messages wait and no unit is done. Type: aci-jobs doctor RUN, which names the cause and the commands that help. Without progress the run ends by itself after its stall_timeout.'
    severity: 1
    window: 'PT15M'
    criterion: {
      query: loadTextContent('queries/alert_stalled.kql')
      timeAggregation: 'Maximum'
      metricMeasureColumn: 'minutes'
      dimensions: everyRun
      operator: 'GreaterThan'
      threshold: stalledMinutes
    }
  }
  {
    name: 'failed'
    title: 'A run has failed'
    description: 'What it has done stays. Type: aci-jobs doctor RUN for the reason; mend it, then aci-jobs redrive RUN, which goes on with what is missing.'
    severity: 1
    window: 'PT15M'
    criterion: {
      query: loadTextContent('queries/alert_failed.kql')
      timeAggregation: 'Total'
      metricMeasureColumn: 'runs'
      dimensions: everyRun
      operator: 'GreaterThan'
      threshold: 0
    }
  }
  {
    name: 'orphans'
    title: 'Container groups without a run were deleted'
    description: 'The sweep has cleaned up; somebody or something ended a run from outside. Type: aci-jobs doctor, and aci-jobs doctor RUN.'
    severity: 3
    window: 'PT15M'
    criterion: {
      query: loadTextContent('queries/alert_orphans.kql')
      timeAggregation: 'Total'
      metricMeasureColumn: 'groups'
      dimensions: everyRun
      operator: 'GreaterThan'
      threshold: 0
    }
  }
  {
    name: 'cost'
    title: 'A run costs much'
    description: 'It goes on. Type: aci-jobs doctor RUN and aci-jobs status RUN; aci-jobs scale RUN, pause RUN or cancel RUN holds it. limits.cost stops a run at a sum by itself.'
    severity: 2
    window: 'PT15M'
    criterion: {
      query: loadTextContent('queries/alert_cost.kql')
      timeAggregation: 'Maximum'
      metricMeasureColumn: 'cost'
      dimensions: everyRun
      operator: 'GreaterThan'
      threshold: runCostAbove
    }
  }
  {
    name: 'app-errors'
    title: 'The app has errors'
    description: 'Activities or timers fail again and again. Type: aci-jobs doctor; the workbook lists the errors under Errors.'
    severity: 2
    window: 'PT15M'
    criterion: {
      query: loadTextContent('queries/alert_app_errors.kql')
      timeAggregation: 'Total'
      metricMeasureColumn: 'errors'
      operator: 'GreaterThan'
      threshold: appErrorsAbove
    }
  }
  {
    name: 'silent-workers'
    title: 'Workers send no telemetry'
    description: 'Units are done, so the run is well; what its workers measure does not arrive. Type: aci-jobs doctor RUN and aci-jobs logs RUN, and see that container groups reach Application Insights.'
    severity: 3
    window: 'PT30M'
    criterion: {
      query: loadTextContent('queries/alert_silent_workers.kql')
      timeAggregation: 'Total'
      metricMeasureColumn: 'units'
      dimensions: everyRun
      operator: 'GreaterThan'
      threshold: 0
    }
  }
  {
    name: 'silent-app'
    title: 'The app is silent'
    description: 'The sweep, due every five minutes, has not run: no run is watched, and none starts by its schedule. Type: aci-jobs doctor; if it does not answer, start the function app again.'
    severity: 1
    window: 'PT15M'
    criterion: {
      query: loadTextContent('queries/alert_silent_app.kql')
      timeAggregation: 'Count'
      operator: 'LessThan'
      threshold: 1
    }
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: '${appName}-${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${appName}: ${rule.title}'
    description: rule.description
    severity: rule.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: rule.window
    criteria: {
      allOf: [
        union(rule.criterion, {
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        })
      ]
    }
    autoMitigate: true
    // The tables of a new workspace come with the first telemetry.
    skipQueryValidation: true
    actions: {
      actionGroups: actionGroupIds
      customProperties: {
        dashboard: dashboardUrl
      }
    }
  }
}]
