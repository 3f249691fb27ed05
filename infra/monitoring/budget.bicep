// A monthly budget for the resource group of the workers. It notifies, and stops nothing: a run is
// stopped by its own `limits.cost`.

param appName string
@minValue(1)
param amount int
@description('The first day of a month, as yyyy-MM-dd.')
param start string
@description('Who is told; with none, the owners of the resource group.')
param alertEmail string = ''

var told = empty(alertEmail) ? { contactEmails: [], contactRoles: ['Owner'] } : { contactEmails: [alertEmail] }

// The start is in the name, as Azure refuses to change the start of a budget that is there, and to
// begin one in a month that has passed.
resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: '${appName}-workers-${start}'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: start
    }
    notifications: {
      actualAbove80Percent: union(told, {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
      })
      forecastAbove100Percent: union(told, {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
      })
    }
  }
}
