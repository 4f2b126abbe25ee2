namespace FastStream;

/// <summary>The three bytes that some programs write in front of UTF-8; they are not part of the text.</summary>
internal static class ByteOrderMark
{
    /// <summary>EF BB BF.</summary>
    public static ReadOnlySpan<byte> Utf8 => [0xEF, 0xBB, 0xBF];

    /// <summary>Returns how many bytes at the start of a file or connection are a mark, not records.</summary>
    public static int LengthIn<T>(ReadOnlySpan<byte> start, IRecordDecoder<T> decoder) =>
        decoder is ITextDecoder && start.StartsWith(Utf8) ? Utf8.Length : 0;

    /// <summary>As above, for a file that is open.</summary>
    public static int LengthIn<T>(OpenFile file, IRecordDecoder<T> decoder)
    {
        if (decoder is not ITextDecoder)
        {
            return 0;
        }

        Span<byte> start = stackalloc byte[3];
        return LengthIn(start[..file.Read(0, start)], decoder);
    }
}
