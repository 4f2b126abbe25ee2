using System.Collections;

namespace FastStream;

/// <summary>
/// The parts of a text between separators; created by
/// <see cref="Utf8TextSearch.Split(Utf8Text, char, StringSplitOptions)"/>.
/// </summary>
/// <remarks>
/// In <c>foreach</c>, or as the result of <c>FlatMap</c>'s function, it allocates nothing; LINQ boxes it. The parts
/// point into the text's memory, and are valid as long as the text.
/// </remarks>
public struct Utf8TextSplit : IEnumerable<Utf8Text>, IEnumerator<Utf8Text>, IEquatable<Utf8TextSplit>
{
    private readonly Utf8Text _text;                // the whole text
    private readonly byte _separator;               // the byte between parts
    private readonly StringSplitOptions _options;   // which parts are omitted, and whether they are trimmed
    private int _next;                              // start of the next part; past the end after the last one

    internal Utf8TextSplit(Utf8Text text, byte separator, StringSplitOptions options = StringSplitOptions.None)
    {
        _text = text;
        _separator = separator;
        _options = options;
    }

    /// <summary>The part that the last <see cref="MoveNext"/> found.</summary>
    public Utf8Text Current { get; private set; }

    readonly object IEnumerator.Current => Current;

    /// <summary>This enumerator itself, from its current position.</summary>
    public readonly Utf8TextSplit GetEnumerator() => this;

    readonly IEnumerator<Utf8Text> IEnumerable<Utf8Text>.GetEnumerator() => this;

    readonly IEnumerator IEnumerable.GetEnumerator() => this;

    /// <summary>Finds the next part.</summary>
    public bool MoveNext()
    {
        while (_next <= _text.Length)
        {
            int length = _text.Span[_next..].IndexOf(_separator);
            if (length < 0)
            {
                length = _text.Length - _next;
            }

            Utf8Text part = _text.Slice(_next, length);
            _next += length + 1;
            if (_options == StringSplitOptions.None || TryTake(ref part))
            {
                Current = part;
                return true;
            }
        }

        return false;
    }

    /// <summary>Not supported: call <c>Split</c> again.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    readonly void IEnumerator.Reset() =>
        throw new NotSupportedException("A walk over the parts of a text goes forward only. Call Split again.");

    /// <summary>Does nothing: there is nothing to release.</summary>
    public readonly void Dispose()
    {
    }

    /// <summary>Whether both are at the same position of equal texts, with the same separator and options.</summary>
    public readonly bool Equals(Utf8TextSplit other) =>
        _next == other._next && _separator == other._separator && _options == other._options && _text == other._text;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is Utf8TextSplit other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(_text, _separator, _options, _next);

    /// <summary>Whether both are at the same position of equal texts, with the same separator and options.</summary>
    public static bool operator ==(Utf8TextSplit left, Utf8TextSplit right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Utf8TextSplit left, Utf8TextSplit right) => !left.Equals(right);

    private readonly bool TryTake(ref Utf8Text part)
    {
        if ((_options & StringSplitOptions.TrimEntries) != StringSplitOptions.None)
        {
            part = part.Trim();
        }

        return !part.IsEmpty || (_options & StringSplitOptions.RemoveEmptyEntries) == StringSplitOptions.None;
    }
}
