namespace FastStream;

/// <summary>
/// The parts of a text between separators; made by <see cref="Utf8TextSearch.Split"/>, walked by <c>foreach</c>,
/// allocates nothing.
/// </summary>
public struct Utf8TextSplit
{
    private readonly Utf8Text _text;     // the whole
    private readonly byte _separator;    // what stands between parts
    private int _next;                   // where the next part begins; past the end once the last was given

    internal Utf8TextSplit(Utf8Text text, byte separator)
    {
        _text = text;
        _separator = separator;
    }

    /// <summary>The part that the last <see cref="MoveNext"/> found.</summary>
    public Utf8Text Current { get; private set; }

    /// <summary>This walk itself.</summary>
    public readonly Utf8TextSplit GetEnumerator() => this;

    /// <summary>Finds the next part.</summary>
    public bool MoveNext()
    {
        if (_next > _text.Length)
        {
            return false;
        }

        int length = _text.Span[_next..].IndexOf(_separator);
        if (length < 0)
        {
            length = _text.Length - _next;
        }

        Current = _text.Slice(_next, length);
        _next += length + 1;
        return true;
    }
}
