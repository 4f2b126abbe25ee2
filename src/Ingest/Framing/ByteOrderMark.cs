namespace FastStream;

/// <summary>The three bytes that some programs write in front of UTF-8: no part of the text.</summary>
internal static class ByteOrderMark
{
    /// <summary>EF BB BF.</summary>
    public static ReadOnlySpan<byte> Utf8 => [0xEF, 0xBB, 0xBF];

    /// <summary>How many bytes at a file's start are no records.</summary>
    public static int LengthIn<T>(ReadOnlySpan<byte> start, IRecordDecoder<T> decoder) => decoder is ITextDecoder && start.StartsWith(Utf8) ? Utf8.Length : 0;

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

    /// <summary>Looks for the marks of other encodings.</summary>
    /// <exception cref="InvalidDataException">The text is in one of them.</exception>
    public static void RefuseOthers<T>(ReadOnlySpan<byte> start, IRecordDecoder<T> decoder)
    {
        if (decoder is ITextDecoder && (start.StartsWith<byte>([0xFF, 0xFE]) || start.StartsWith<byte>([0xFE, 0xFF])))
        {
            string found = start[0] == 0xFF ? "UTF-16 (FF FE)" : "UTF-16 in big endian (FE FF)";
            string encoding = start[0] == 0xFF ? "Unicode" : "BigEndianUnicode";
            throw new InvalidDataException($"It begins with the byte order mark of {found}, and UTF-8 is expected. Set FileSourceOptions.Encoding to Encoding.{encoding}, or write UTF-8.");
        }
    }
}
