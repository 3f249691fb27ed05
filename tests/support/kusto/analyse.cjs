// Reads {"tables": {table: {column: type}}, "queries": {name: text}} from standard input, and writes
// for each query what Microsoft's own language service makes of it: its faults, the columns of its
// result, and the strings that are compared with a column or looked up in one.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const [folder] = process.argv.slice(2);
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  const text = fs.readFileSync(path.join(folder, "@kusto", "language-service-next", file), "utf8");
  vm.runInThisContext(text, { filename: file });  // the library puts itself into the global scope
}
const { KustoCode, GlobalState, Symbols, Syntax } = Kusto.Language;
const { tables, queries } = JSON.parse(fs.readFileSync(0, "utf8"));

const symbols = Object.entries(tables).map(([name, columns]) => Symbols.TableSymbol.From(
  `(${Object.entries(columns).map(([column, type]) => `['${column}']:${type}`).join(", ")})`,
).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("logs", symbols));

const list = (found) => Bridge.toArray(found);

// Every column knows those that it was made from; the last ones are columns of tables.
function origins(column, into = new Set()) {
  const table = symbols.find((each) => list(each.Columns).includes(column));
  if (table) into.add(table.Name);
  for (const origin of list(column.OriginalColumns)) origins(origin, into);
  return [...into];
}

// The side of a comparison, or the indexed value, that a string stands against.
function counterpart(literal) {
  for (let node = literal.Parent; node; node = node.Parent) {
    if (node.Left && node.Left !== literal) return node.Left;
    if (node.Selector) return node.Expression;
    if (node.Kind === Syntax.SyntaxKind.FunctionCallExpression) return null;
  }
  return null;
}

function strings(root) {
  const found = [];
  Syntax.SyntaxElement.WalkNodes(root, (node) => {
    if (node.Kind !== Syntax.SyntaxKind.StringLiteralExpression) return;
    const against = counterpart(node);
    const column = against?.ReferencedSymbol;
    found.push({
      value: node.LiteralValue,
      against: against?.toString().trim() ?? "",
      tables: column instanceof Symbols.ColumnSymbol ? origins(column) : [],
    });
  });
  return found;
}

function analysed(text) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  return {
    faults: list(code.GetDiagnostics()).map((fault) => {
      const before = text.slice(0, fault.Start).split("\n");
      return `${fault.Severity} ${fault.Code} at ${before.length}:${before.at(-1).length + 1}: ${fault.Message}`;
    }),
    columns: Object.fromEntries(
      list(code.ResultType?.Columns ?? []).map((column) => [column.Name, column.Type.Name]),
    ),
    strings: strings(code.Syntax),
  };
}

const answer = Object.entries(queries).map(([name, text]) => [name, analysed(text)]);
process.stdout.write(JSON.stringify(Object.fromEntries(answer)));
