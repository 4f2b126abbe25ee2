using System.Globalization;

namespace FastStream.Bench.Micro;

/// <summary>
/// Compares what every benchmark allocates with its budget; made for continuous integration, where times mean nothing
/// but bytes do.
/// </summary>
internal static class AllocationGate
{
    /// <summary>Runs the gate.</summary>
    /// <param name="filter">Only benchmarks whose name contains this; the other budgets are then not asked for.</param>
    /// <returns>The process's exit code: 0 if all keep their budget, else 1.</returns>
    public static int Run(string filter)
    {
        Dictionary<string, Budget> budgets = Budget.Load();
        GateCase[] cases = [.. GateCase.All().Where(gateCase => gateCase.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        var problems = new List<string>();
        Console.WriteLine($"| {"benchmark",-50} | {"allocated",10} | {"budget",10} |");
        Console.WriteLine($"|{new string('-', 52)}|{new string('-', 11)}:|{new string('-', 11)}:|");
        foreach (GateCase gateCase in cases)
        {
            long allocated = gateCase.MeasureAllocated();
            Budget? budget = budgets.GetValueOrDefault(gateCase.Name);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                    $"| {gateCase.FullName,-50} | {allocated,10:N0} | "
                    + $"{budget?.Bytes.ToString("N0", CultureInfo.InvariantCulture) ?? "none",10} |"));
            if (budget is null)
            {
                problems.Add(
                    $"{gateCase.Name} has no budget and allocates {allocated:N0} bytes an operation. Add it to bench/Micro/budgets.json.");
            }
            else if (allocated > budget.Bytes)
            {
                problems.Add(
                    $"{gateCase.FullName} allocates {allocated:N0} bytes an operation; its budget is {budget.Bytes:N0} ({budget.For}).");
            }
        }

        if (filter.Length == 0)
        {
            problems.AddRange(budgets.Keys.Except(cases.Select(gateCase => gateCase.Name))
                .Select(name => $"The budget {name} has no benchmark. Remove it from bench/Micro/budgets.json or correct its name."));
        }

        Console.WriteLine();
        problems.ForEach(Console.WriteLine);
        Console.WriteLine(problems.Count == 0
            ? $"All {cases.Length} keep their budgets." : $"{problems.Count} of the budgets do not hold.");
        return problems.Count == 0 ? 0 : 1;
    }
}
