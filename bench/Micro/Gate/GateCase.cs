using System.Diagnostics;
using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>One benchmark with one choice of its parameters, as the gate runs it: no baselines, no polluted profiles.</summary>
internal sealed record GateCase(Type Bench, MethodInfo Method, IReadOnlyList<(PropertyInfo Property, object? Value)> Parameters)
{
    private const int Rounds = 5;

    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(20);

    /// <summary>The name that budgets go by.</summary>
    public string Name => $"{Bench.Name.Split('`')[0]}.{Method.Name}";

    /// <summary>Name and parameters.</summary>
    public string FullName
    {
        get
        {
            string[] shown =
            [
                .. Bench.GetGenericArguments().Select(argument => argument.Name),
                .. Parameters.Where(parameter => parameter.Value is not bool)
                    .Select(parameter => $"{parameter.Property.Name} = {parameter.Value}"),
            ];
            return shown.Length == 0 ? Name : $"{Name}({string.Join(", ", shown)})";
        }
    }

    /// <summary>All cases of the program.</summary>
    public static IReadOnlyList<GateCase> All() =>
    [
        .. from type in typeof(GateCase).Assembly.GetTypes()
           from closed in Closed(type)
           from method in closed.GetMethods()
           where method.GetCustomAttribute<BenchmarkAttribute>() is { Baseline: false }
           from parameters in Choices(closed)
           orderby closed.Name, method.Name
           select new GateCase(closed, method, parameters),
    ];

    /// <summary>
    /// Bytes allocated for each operation, by all threads: the least of some rounds, so that what something else
    /// allocates once is left out.
    /// </summary>
    public long MeasureAllocated()
    {
        object bench = Activator.CreateInstance(Bench)!;
        foreach ((PropertyInfo property, object? value) in Parameters)
        {
            property.SetValue(bench, value);
        }

        Call<GlobalSetupAttribute>(bench);
        var operation = Method.CreateDelegate<Func<long>>(bench);
        int calls = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp || calls < 4; calls++)
        {
            operation();
        }

        int callsARound = Math.Max(2, (int)(calls * (RoundTime / WarmUp)));
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int call = 0; call < callsARound; call++)
            {
                operation();
            }

            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / callsARound);
        }

        Call<GlobalCleanupAttribute>(bench);
        return least;
    }

    private void Call<TAttribute>(object bench)
        where TAttribute : Attribute =>
        Bench.GetMethods().FirstOrDefault(method => method.GetCustomAttribute<TAttribute>() is not null)?.Invoke(bench, null);

    private static IEnumerable<Type> Closed(Type bench) =>
        bench.IsGenericTypeDefinition
            ? bench.GetCustomAttributes<GenericTypeArgumentsAttribute>()
                .Select(arguments => bench.MakeGenericType(arguments.GenericTypeArguments))
            : [bench];

    private static IEnumerable<IReadOnlyList<(PropertyInfo Property, object? Value)>> Choices(Type bench)
    {
        IEnumerable<IReadOnlyList<(PropertyInfo, object?)>> choices = [[]];
        foreach (PropertyInfo property in bench.GetProperties())
        {
            if (property.GetCustomAttribute<ParamsAttribute>() is { } values)
            {
                // Bytes do not depend on the profile: the first value, the clean one, is enough.
                object?[] used = property.PropertyType == typeof(bool) ? [values.Values[0]] : values.Values;
                choices = [.. choices
                    .SelectMany(choice => used.Select(value => (IReadOnlyList<(PropertyInfo, object?)>)[.. choice, (property, value)]))];
            }
        }

        return choices;
    }
}
