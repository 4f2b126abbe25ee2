using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The places in records of a type with references whose static type does not show whether they lead to a text of the
/// batch.
/// </summary>
/// <remarks>
/// A field of a class that others derive from, of an interface, of <see cref="object"/> or of a delegate may lead to a
/// <see cref="Utf8Text"/>; a sealed class of strings and numbers needs no check, nor do texts in the record itself,
/// which <see cref="RecordTexts{T}"/> copies. docs/decisions/0017-texts-hidden-by-their-type.md has the reasons.
/// </remarks>
internal static class HiddenTexts<T>
{
    /// <summary>The places, in bytes from the record's start.</summary>
    public static readonly int[] Places = typeof(T).IsValueType ? StructReferences.OfElement(typeof(T[]))
        : ObjectParts.IsSurelyFree(typeof(T)) ? [] : [0];

    /// <summary>Whether the places are unknown, as the program was compiled ahead of time.</summary>
    public static bool IsUnseen { get; } = typeof(T).IsValueType && typeof(T) != typeof(Utf8Text) && ObjectParts.IsUnseen(typeof(T));

    /// <summary>Whether records may contain hidden texts.</summary>
    public static readonly bool AreThere = Places.Length > 0 || IsUnseen;

    /// <summary>Creates an object that searches records; null if there is nothing to search.</summary>
    /// <param name="takesUnseen">See <see cref="HiddenTextFinder"/>.</param>
    public static HiddenTextFinder? NewFinder(bool takesUnseen = false) => AreThere ? new HiddenTextFinder(takesUnseen) : null;
}

/// <summary>Searches records for memory of a batch, by their actual content. For one thread at a time.</summary>
/// <param name="takesUnseen">
/// Whether objects that cannot be examined, in a program compiled ahead of time, count as found: for callers to whom
/// this costs only memory.
/// </param>
internal sealed class HiddenTextFinder(bool takesUnseen = false)
{
    private const int VisitsWithoutSet = 16;   // most records lead to few objects; only more objects than that can be a cycle
    private const int MostKept = 1 << 14;      // a larger set is not kept for the next records

    private readonly Stack<object> _open = new();
    private HashSet<object> _seen = NewSet();   // for all records of a span, as closures share many objects
    private Type? _lastFree;                   // the last type seen whose objects hold nothing

    /// <summary>Whether one of the records holds a text, a group or a batch.</summary>
    public bool AreIn<T>(ReadOnlySpan<T> records)
    {
        bool found = false;
        for (int i = 0; i < records.Length && !found; i++)
        {
            found = IsInOne(in records[i]);
        }

        Forget();
        return found;
    }

    /// <summary>Whether a record holds a text, a group or a batch.</summary>
    public bool IsIn<T>(in T record)
    {
        bool found = IsInOne(in record);
        Forget();
        return found;
    }

    /// <summary>Throws if a record to be kept holds a text, a group or a batch.</summary>
    /// <param name="record">The record.</param>
    /// <param name="what">What the record is to the caller, such as "A state".</param>
    public void ThrowIfIn<T>(in T record, string what)
    {
        if (IsIn(in record))
        {
            throw Found(in record, what);
        }
    }

    private static ref object? At<T>(in T record, int place) =>
        ref Unsafe.As<byte, object?>(ref Unsafe.AddByteOffset(ref Unsafe.As<T, byte>(ref Unsafe.AsRef(in record)), place));

    private static HashSet<object> NewSet() => new(ReferenceEqualityComparer.Instance);

    private static InvalidOperationException Found<T>(in T record, string what)
    {
        string? where = null;
        foreach (int place in HiddenTexts<T>.Places)
        {
            where ??= At(in record, place) is { } value ? HiddenTextPath.To(value) : null;
        }

        return new InvalidOperationException(
            $"{what} of type {typeof(T)} is kept longer than its batch, and {where}, whose memory ends with the batch. "
            + "Make a string of the text, or an array of the group, before it is put there: text.ToString(), group.ToArray().");
    }

    private bool IsInOne<T>(in T record)
    {
        if (takesUnseen && HiddenTexts<T>.IsUnseen)
        {
            return true;
        }

        foreach (int place in HiddenTexts<T>.Places)
        {
            if (At(in record, place) is { } value && value.GetType() != _lastFree && IsBehind(value))
            {
                return true;
            }
        }

        return false;
    }

    private void Forget()
    {
        _open.Clear();
        if (_seen.Count > MostKept)
        {
            _seen = NewSet();
        }

        _seen.Clear();
    }

    private bool IsBehind(object value)
    {
        ObjectContents contents = ObjectContents.Of(value);
        if (contents.IsFree)
        {
            _lastFree = contents.Type;
            return false;
        }

        bool found = false;
        int visits = 0;
        _open.Clear();
        _open.Push(value);
        while (!found && _open.TryPop(out object? each))
        {
            if (++visits <= VisitsWithoutSet || _seen.Add(each))
            {
                contents = ObjectContents.Of(each);
                found = contents.IsText(each) || (takesUnseen && contents.IsUnseen);
                contents.AddParts(each, _open);
            }
        }

        return found;
    }
}
