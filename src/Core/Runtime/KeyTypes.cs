using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The places in a key with an object whose type the key's type does not show: it may be compared by reference, which
/// is only visible at run time.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
internal static class KeyTypes<TKey>
{
    /// <summary>
    /// The places in a key, in bytes from its start. Record classes are not examined, nor are structs in code compiled
    /// ahead of time.
    /// </summary>
    public static readonly int[] Places = Find();

    /// <summary>Whether there are any.</summary>
    public static bool AreOpen => Places.Length > 0;

    private static int[] Find()
    {
        var places = new List<int>();
        AddOf(typeof(TKey), [], places);
        return [.. places];
    }

    private static void AddOf(Type type, IReadOnlyList<FieldInfo> path, List<int> places)
    {
        if (KeyEquality.IsOpen(type) && FieldOffsets<TKey>.Of(type, path) is >= 0 and var place)
        {
            places.Add(place);
        }
        else if (type.IsValueType && RuntimeFeature.IsDynamicCodeSupported && KeyEquality.IsByFields(type))
        {
            foreach (FieldInfo field in KeyEquality.FieldsOf(type))
            {
                AddOf(field.FieldType, [.. path, field], places);
            }
        }
    }
}

/// <summary>The same records; warns once for each type in their keys that is compared by reference.</summary>
internal sealed class KeyTypesStream<T, TKey, TKeyOf>(DStream<T> parent) : DStream<T>(parent.Context, "KeyTypes", parent)
    where TKeyOf : struct, IKeyOf<T, TKey>
{
    private readonly ConcurrentDictionary<Type, bool> _seen = new();

    public override bool IsPartitionedByKey => parent.IsPartitionedByKey;

    public override IPartitioner<T>? Partitioner => parent.Partitioner;

    public override bool HasUniqueKeys => parent.HasUniqueKeys;

    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs) =>
        graph.Attach(parent, this, partition => new KeyTypesOperator<T, TKey, TKeyOf>(LookAt, outputs[partition]));

    private void LookAt(Type found)
    {
        if (_seen.TryAdd(found, true) && KeyCheck.WarningOf(typeof(TKey), found) is { } warning)
        {
            Context.Warn(warning);
        }
    }
}

/// <summary>
/// Compares the types of each key's objects with those seen last, and pushes the records on without copying them.
/// </summary>
internal sealed class KeyTypesOperator<T, TKey, TKeyOf>(Action<Type> lookAt, Operator<T> next) : Operator<T, T>(next)
    where TKeyOf : struct, IKeyOf<T, TKey>
{
    private readonly int[] _places = KeyTypes<TKey>.Places;
    private readonly Type?[] _last = new Type?[KeyTypes<TKey>.Places.Length];   // the type seen last, at each place
    private readonly HashSet<Type> _seen = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        for (int i = 0; i < _places.Length; i++)
        {
            int place = _places[i];
            Type? last = _last[i];
            foreach (ref readonly T item in items)
            {
                ref byte key = ref Unsafe.As<TKey, byte>(ref Unsafe.AsRef(in TKeyOf.Of(in item)));
                Type? found = Unsafe.As<byte, object?>(ref Unsafe.AddByteOffset(ref key, place))?.GetType();
                if (found != last && found is not null)
                {
                    last = found;
                    if (_seen.Add(found))
                    {
                        lookAt(found);
                    }
                }
            }

            _last[i] = last;
        }

        Next.OnRecords(items);
    }
}
