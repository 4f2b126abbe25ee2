namespace FastStream.Tests.Conformance.Programs;

/// <summary>null, then numbers, then texts by UTF-16 unit, then lists element by element.</summary>
internal sealed class ValueOrder : IComparer<object?>
{
    public static readonly ValueOrder Instance = new();

    public int Compare(object? x, object? y) => (x, y) switch
    {
        (long left, long right) => left.CompareTo(right),
        (string left, string right) => string.CompareOrdinal(left, right),
        (ValueList left, ValueList right) => CompareLists(left, right),
        _ => Rank(x).CompareTo(Rank(y)),
    };

    private int CompareLists(ValueList left, ValueList right)
    {
        for (int i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            int order = Compare(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    private static int Rank(object? value) => value switch { null => 0, long => 1, string => 2, _ => 3 };
}
