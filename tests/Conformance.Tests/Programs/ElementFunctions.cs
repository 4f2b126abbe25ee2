namespace FastStream.Tests.Conformance.Programs;

/// <summary>The functions of one element that programs name.</summary>
internal static class ElementFunctions
{
    private static readonly Dictionary<string, Func<object?, object?>> Maps = new()
    {
        ["identity"] = x => x,
        ["mul3add1"] = x => (3 * Number(x)) + 1,
        ["negate"] = x => -Number(x),
        ["mod7"] = x => Mod(x, 7),
        ["add10"] = x => Number(x) + 10,
        ["toText"] = x => ValueText.Of(Number(x)),
        ["toInt"] = x => long.Parse(Text(x)),
        ["length"] = x => (long)Text(x).Length,
        ["upper"] = x => Text(x).ToUpperInvariant(),
        ["reverse"] = x => new string(Text(x).Reverse().ToArray()),
        ["appendX"] = x => Text(x) + "x",
        ["firstChar"] = x => Text(x)[..Math.Min(1, Text(x).Length)],
        ["keyMod3"] = x => Pair(Mod(x, 3), x),
        ["keyMod5"] = x => Pair(Mod(x, 5), x),
        ["pairOne"] = x => Pair(x, 1L),
        ["pairX"] = x => Pair(x, "x"),
        ["strLen"] = x => Pair(x, (long)Text(x).Length),
        ["lenOne"] = x => Pair((long)Text(x).Length, 1L),
        ["swap"] = x => Pair(List(x)[1], List(x)[0]),
        ["key"] = x => List(x)[0],
        ["value"] = x => List(x)[1],
        ["firstOfValue"] = x => Pair(List(x)[0], List(List(x)[1])[0]),
        ["sumKeyValue"] = x => Number(List(x)[0]) + Number(List(x)[1]),
        ["keyLength"] = x => Pair((long)Text(List(x)[0]).Length, List(x)[1]),
        ["listSize"] = x => (long)List(x).Count,
        ["listSum"] = x => List(x).Sum(Number),
        ["listMax"] = x => List(x).Max(Number),
        ["optSum"] = x => List(x).Sum(part => part is null ? 0 : Number(part)),
        ["optLeft"] = x => List(x)[0] ?? -1L,
        ["optRight"] = x => List(x)[1] ?? -1L,
        ["cogroupSizes"] = x => (100L * List(List(x)[0]).Count) + List(List(x)[1]).Count,
        ["cogroupSumDiff"] = x => List(List(x)[0]).Sum(Number) - List(List(x)[1]).Sum(Number),
        ["first"] = x => List(x)[0],
        ["second"] = x => List(x)[1],
    };

    private static readonly Dictionary<string, Func<object?, bool>> Filters = new()
    {
        ["mod3ne0"] = x => Mod(x, 3) != 0,
        ["positive"] = x => Number(x) > 0,
        ["even"] = x => Mod(x, 2) == 0,
        ["lessThan10"] = x => Number(x) < 10,
        ["never"] = _ => false,
        ["lengthOver1"] = x => Text(x).Length > 1,
        ["startsWithA"] = x => Text(x).StartsWith('a'),
        ["containsA"] = x => Text(x).Contains('a', StringComparison.Ordinal),
        ["nonEmpty"] = x => Text(x).Length > 0,
        ["keyEven"] = x => Mod(List(x)[0], 2) == 0,
        ["keyContainsA"] = x => Text(List(x)[0]).Contains('a', StringComparison.Ordinal),
        ["valueMod3ne0"] = x => Mod(List(x)[1], 3) != 0,
        ["valuePositive"] = x => Number(List(x)[1]) > 0,
        ["valueNonZero"] = x => Number(List(x)[1]) != 0,
        ["valueOver5"] = x => Number(List(x)[1]) > 5,
    };

    private static readonly Dictionary<string, Func<object?, IEnumerable<object?>>> FlatMaps = new()
    {
        ["repeatMod3"] = x => Enumerable.Repeat(x, (int)Mod(x, 3)),
        ["selfAndNegate"] = x => [x, -Number(x)],
        ["selfAndDouble"] = x => [x, 2 * Number(x)],
        ["upToMod4"] = x => Enumerable.Range(0, (int)Mod(x, 4)).Select(i => (object?)(long)i),
        ["selfAndAdd10"] = x => [x, Number(x) + 10],
        ["suffix12"] = x => [Text(x) + "1", Text(x) + "2"],
        ["chars"] = x => Text(x).Select(c => (object?)c.ToString()),
        ["charsWithLen"] = x => Text(x).Select(c => (object?)Pair((long)Text(x).Length, c.ToString())),
        ["words"] = x => Text(x).Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ["selfAndSwap"] = x => [x, Pair(List(x)[1], List(x)[0])],
    };

    private static readonly Dictionary<string, Func<object?, object?, object?>> Reductions = new()
    {
        ["sum"] = (a, b) => Number(a) + Number(b),
        ["diff"] = (a, b) => Number(a) - Number(b),
        ["max"] = (a, b) => Math.Max(Number(a), Number(b)),
        ["min"] = (a, b) => Math.Min(Number(a), Number(b)),
        ["xor"] = (a, b) => Number(a) ^ Number(b),
        ["concatSorted"] = (a, b) => new string((Text(a) + Text(b)).Order().ToArray()),
        ["maxText"] = (a, b) => string.CompareOrdinal(Text(a), Text(b)) >= 0 ? a : b,
        ["pairSum"] = (a, b) => Pair(Number(List(a)[0]) + Number(List(b)[0]), Number(List(a)[1]) + Number(List(b)[1])),
    };

    public static Func<object?, object?> Map(string name) =>
        name.StartsWith("add:", StringComparison.Ordinal) ? AddOf(long.Parse(name[4..])) : Named(Maps, name);

    public static Func<object?, bool> Filter(string name) => Named(Filters, name);

    public static Func<object?, IEnumerable<object?>> FlatMap(string name) => Named(FlatMaps, name);

    public static Func<object?, object?, object?> Reduce(string name) => Named(Reductions, name);

    internal static TFunction Named<TFunction>(Dictionary<string, TFunction> functions, string name) =>
        functions.TryGetValue(name, out TFunction? function)
            ? function : throw new NotSupportedException($"No function \"{name}\" is known; add it to its table.");

    internal static long Number(object? value) => (long)value!;

    internal static string Text(object? value) => (string)value!;

    internal static ValueList List(object? value) => (ValueList)value!;

    internal static ValueList Pair(object? first, object? second) => new(first, second);

    private static Func<object?, object?> AddOf(long summand) => x => Number(x) + summand;

    // The remainder that is not negative.
    private static long Mod(object? value, long divisor) => ((Number(value) % divisor) + divisor) % divisor;
}
