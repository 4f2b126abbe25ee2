namespace FastStream;

/// <summary>
/// Recognises by a file's first bytes that it has no UTF-8 lines: it has another encoding, or is an archive.
/// </summary>
internal static class NotText
{
    /// <summary>Number of first bytes to look at.</summary>
    public const int HeadBytes = 512;

    private const int TarMarkAt = 257;
    private const int LeastZeros = 2;    // a text may have one

    /// <summary>
    /// Says what is wrong with a file that begins with these bytes, as the end of a sentence, and what to do; null
    /// where nothing is wrong.
    /// </summary>
    public static string? Find(ReadOnlySpan<byte> head)
    {
        if (Archive(head) is { } archive)
        {
            return $"begins as {archive}, and text is expected. Files named .gz and .br are unpacked while they are "
                + $"read (FileSourceOptions.Compression); unpack others before they are moved in, or leave them out "
                + $"by FileSourceOptions.Filter.";
        }

        if (Encoding(head) is { } encoding)
        {
            return $"begins with {encoding}, and UTF-8 is expected. Write UTF-8, or convert it before it is moved in, "
                + $"such as by `iconv -f UTF-16 -t UTF-8`.";
        }

        return null;
    }

    private static string? Archive(ReadOnlySpan<byte> head) => head switch
    {
        [0x1F, 0x8B, 8, ..] => "a gzip archive",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "a zstd archive",
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => "an xz archive",
        [0x04, 0x22, 0x4D, 0x18, ..] => "an lz4 archive",
        [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..] => "a zip archive",
        [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => "a 7z archive",
        [0x1F, 0x9D, ..] => "an archive of compress",
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => "a bzip2 archive",
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => "a bzip2 archive",
        _ => head.Length > TarMarkAt && head[TarMarkAt..].StartsWith("ustar"u8) ? "a tar archive" : null,
    };

    private static string? Encoding(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith<byte>([0xFF, 0xFE, 0, 0]) || head.StartsWith<byte>([0, 0, 0xFE, 0xFF]))
        {
            return "the byte order mark of UTF-32";
        }

        if (head.StartsWith<byte>([0xFF, 0xFE]) || head.StartsWith<byte>([0xFE, 0xFF]))
        {
            return $"the byte order mark of UTF-16 ({head[0]:X2} {head[1]:X2})";
        }

        return HasZerosOfUtf16(head) ? "zero bytes as in UTF-16 without a byte order mark" : null;
    }

    // In UTF-16, zero bytes are the high bytes of Latin letters, digits, spaces and line ends: always the first or
    // always the second byte of their unit. Other units have a high byte that stands for an alphabet and is similarly
    // small.
    private static bool HasZerosOfUtf16(ReadOnlySpan<byte> head)
    {
        if (!head.Contains((byte)0))
        {
            return false;
        }

        Span<int> zeros = stackalloc int[2];
        Span<int> small = stackalloc int[2];
        for (int i = 0; i < head.Length; i++)
        {
            zeros[i % 2] += head[i] == 0 ? 1 : 0;
            small[i % 2] += head[i] < ' ' ? 1 : 0;
        }

        int high = zeros[0] > zeros[1] ? 0 : 1;
        return zeros[high] >= LeastZeros && zeros[1 - high] == 0 && small[high] * 4 >= head.Length / 2 * 3;
    }
}
