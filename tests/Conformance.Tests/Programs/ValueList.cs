using System.Collections;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>
/// A pair or list among the values of a program; equal by its elements. The other values are <see cref="long"/>,
/// <see cref="string"/> and null.
/// </summary>
internal sealed class ValueList(params IReadOnlyList<object?> items) : IReadOnlyList<object?>, IEquatable<ValueList>
{
    public int Count => items.Count;

    public object? this[int index] => items[index];

    public static ValueList OfPair<TKey, TValue>((TKey Key, TValue Value) pair) => new(pair.Key, pair.Value);

    public bool Equals(ValueList? other) => other is not null && items.SequenceEqual(other);

    public override bool Equals(object? obj) => Equals(obj as ValueList);

    public override int GetHashCode() => items.Aggregate(17, HashCode.Combine);

    public IEnumerator<object?> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"[{string.Join(",", items.Select(ValueText.Of))}]";
}
