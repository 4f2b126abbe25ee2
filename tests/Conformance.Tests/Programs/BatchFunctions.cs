using static FastStream.Tests.Conformance.Programs.ElementFunctions;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>The functions of whole batches and partitions that programs name.</summary>
internal static class BatchFunctions
{
    private static readonly ValueList[] StaticTable = [Pair(0L, 100L), Pair(1L, 200L), Pair(1L, 201L)];

    private static readonly Dictionary<string, Func<IReadOnlyCollection<object?>, IEnumerable<object?>>> Partitions = new()
    {
        ["sumPartition"] = part => [part.Sum(Number)],
        ["sizePartition"] = part => [(long)part.Count],
        ["onePerPartition"] = _ => [1L],
        ["firstOfPartition"] = part => part.Take(1),
        ["concatUpper"] = part => [string.Concat(part).ToUpperInvariant()],
        ["swapAll"] = part => part.Select(Map("swap")),
    };

    private static readonly Dictionary<string, Func<IEnumerable<object?>, BatchTime, IEnumerable<object?>>> Transforms = new()
    {
        ["distinct"] = (batch, _) => batch.Distinct(),
        ["sort"] = (batch, _) => batch.Order(ValueOrder.Instance),
        ["sortDescending"] = (batch, _) => batch.OrderDescending(ValueOrder.Instance),
        ["smallest3"] = (batch, _) => batch.Order(ValueOrder.Instance).Take(3),
        ["largest2"] = (batch, _) => batch.OrderDescending(ValueOrder.Instance).Take(2),
        ["sortWithIndex"] = (batch, _) => batch.Order(ValueOrder.Instance).Select((x, i) => Pair(x, (long)i)),
        ["withTime"] = (batch, time) => batch.Select(x => Pair(x, time.Milliseconds)),
        ["onlyEvenSeconds"] = (batch, time) => IsEvenSecond(time) ? batch : [],
        ["joinStatic"] =
            (batch, _) =>
                batch.SelectMany(x => StaticTable.Where(row => Equals(row[0], List(x)[0]))
                    .Select(row => Pair(row[0], Number(List(x)[1]) + Number(row[1])))),
        ["rddToString"] = (batch, _) => batch.Select(Map("toText")),
        ["rddAdd2"] = (batch, _) => batch.Select(Map("add:2")),
        ["rddCartesianSelf"] = (batch, _) => batch.SelectMany(x => batch.Select(y => Pair(x, y))),
        ["rddSortByKey"] = (batch, _) => batch.OrderBy(Map("key"), ValueOrder.Instance),
        ["rddKeys"] = (batch, _) => batch.Select(Map("key")),
        ["returnNull"] = (_, _) => null!,
    };

    private static readonly Dictionary<
        string, Func<IEnumerable<object?>, IEnumerable<object?>, BatchTime, IEnumerable<object?>>> TransformsOfTwo = new()
    {
        ["intersection"] = (left, right, _) => left.Intersect(right),
        ["subtract"] = (left, right, _) => left.Where(x => !right.Contains(x)),
        ["union"] = (left, right, _) => left.Concat(right),
        ["cartesian"] = (left, right, _) => left.SelectMany(x => right.Select(y => Pair(x, y))),
        ["leftIfEvenSeconds"] = (left, right, time) => IsEvenSecond(time) ? left : right,
        ["rddJoin"] =
            (left, right, _) =>
                left.SelectMany(x => right.Where(y => Equals(List(x)[0], List(y)[0]))
                    .Select(y => Pair(List(x)[0], Pair(List(x)[1], List(y)[1])))),
        ["rddUnion"] = (left, right, _) => left.Concat(right),
    };

    public static Func<IReadOnlyCollection<object?>, IEnumerable<object?>> Partition(string name) => Named(Partitions, name);

    public static Func<IEnumerable<object?>, BatchTime, IEnumerable<object?>> Transform(string name) => Named(Transforms, name);

    public static Func<IEnumerable<object?>, IEnumerable<object?>, BatchTime, IEnumerable<object?>> TransformOfTwo(string name) =>
        Named(TransformsOfTwo, name);

    private static bool IsEvenSecond(BatchTime time) => time.Milliseconds / 1000 % 2 == 0;
}
