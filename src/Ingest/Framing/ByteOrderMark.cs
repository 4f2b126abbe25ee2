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

    /// <summary>Looks for the marks of other encodings, and for those of compressed files: neither has lines.</summary>
    /// <exception cref="InvalidDataException">The file is one of them.</exception>
    public static void RefuseOthers<T>(ReadOnlySpan<byte> start, IRecordDecoder<T> decoder)
    {
        if (decoder is not ITextDecoder)
        {
            return;
        }

        if (start.StartsWith<byte>([0xFF, 0xFE]) || start.StartsWith<byte>([0xFE, 0xFF]))
        {
            throw new InvalidDataException(
                $"It begins with the byte order mark of UTF-16 ({start[0]:X2} {start[1]:X2}), and UTF-8 is expected. Write UTF-8, or convert it first, such as by `iconv -f UTF-16 -t UTF-8`.");
        }

        string? packed = start.StartsWith<byte>([0x1F, 0x8B]) ? "gzip" : start.StartsWith<byte>([0x28, 0xB5, 0x2F, 0xFD]) ? "zstd" : null;
        if (packed is not null)
        {
            throw new InvalidDataException($"It is a {packed} file, and text is expected. Unpack it before it is moved in, or leave such files out by FileSourceOptions.Filter.");
        }
    }
}
