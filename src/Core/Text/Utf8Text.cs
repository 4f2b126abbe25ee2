using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Json.Serialization;

namespace FastStream;

/// <summary>
/// A piece of UTF-8 text in 16 bytes, without an object: up to 15 bytes are in the struct itself; a longer text is an
/// address into a pooled block of received bytes.
/// </summary>
/// <remarks>
/// A long text is valid as long as its batch (or the output or slice that retained the batch). For a longer life,
/// convert it to a <see cref="string"/> by <see cref="ToString()"/>, to bytes by <see cref="ToArray"/>, or to a
/// process-wide constant by <see cref="Intern(string)"/>. The bytes stay as received: only conversions validate or
/// normalise them. Comparison is ordinal, by bytes.
/// <code>
/// short: | up to 15 bytes of text, then zeros                          | length 0..15 |
/// long:  | address (8 bytes) | length (4 bytes) | first 3 bytes (3)    | 255          |
/// </code>
/// The layout follows the "German strings" of Umbra (Neumann and Freitag, CIDR 2020): a table compares two words
/// without following pointers. docs/decisions/0002-utf8-text.md has the measurements. Immutable; safe from any thread
/// while valid.
/// </remarks>
[DebuggerDisplay("{ToString()}")]
[StructLayout(LayoutKind.Sequential)]
[JsonConverter(typeof(Utf8TextJsonConverter))]
public readonly unsafe struct Utf8Text : IEquatable<Utf8Text>, IComparable<Utf8Text>, ISpanFormattable, IUtf8SpanFormattable
{
    /// <summary>The most bytes that are in the struct itself: 15. Text up to this length never expires.</summary>
    public const int InlineBytes = 15;

    private const ulong LongTag = 0xFFul << 56;

    private readonly ulong _low;
    private readonly ulong _high;

    private Utf8Text(ulong low, ulong high)
    {
        _low = low;
        _high = high;
    }

    /// <summary>A text of no bytes; the same as <c>default</c>.</summary>
    public static Utf8Text Empty => default;

    /// <summary>Number of bytes.</summary>
    public int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsLong ? (int)(uint)_high : (int)(_high >> 56);
    }

    /// <summary>Whether there are no bytes.</summary>
    public bool IsEmpty => _high == 0;

    /// <summary>Whether the text is in the struct, and so never expires.</summary>
    public bool IsInline => !IsLong;

    /// <summary>
    /// The bytes. The span of a short text points into this variable and must not outlive it (the compiler ensures
    /// that).
    /// </summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsLong
            ? new ReadOnlySpan<byte>((byte*)_low, (int)(uint)_high)
            : MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<ulong, byte>(ref Unsafe.AsRef(in _low)), (int)(_high >> 56));
    }

    // A mask for the first n of 16 bytes, when loaded from 16 - n on.
    private static ReadOnlySpan<byte> KeepWindow =>
    [
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>
    /// The bytes of a long text. Unlike <see cref="Span"/>, it does not take the address of this variable, which can
    /// therefore stay in registers.
    /// </summary>
    internal ReadOnlySpan<byte> LongSpan
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((byte*)_low, (int)(uint)_high);
    }

    /// <summary>Index of bytes in a long text, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int IndexInLong(ReadOnlySpan<byte> value) => BytePattern.IndexOf((byte*)_low, (int)(uint)_high, value);

    internal bool IsLong
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _high >= LongTag;
    }

    /// <summary>The byte at an index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index is not inside the text.</exception>
    public byte this[int index] => Span[index];

    /// <summary>
    /// A text over pinned bytes. At least 16 bytes must be readable from <paramref name="start"/> (blocks end with
    /// padding for that).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Utf8Text FromPadded(byte* start, int length)
    {
        if (length <= InlineBytes)
        {
            Vector128<byte> keep = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(KeepWindow), (nuint)(16 - length));
            return FromShort(Vector128.Load(start) & keep, length);
        }

        return new Utf8Text((ulong)start, LongTag | ((ulong)(*(uint*)start & 0xFFFFFF) << 32) | (uint)length);
    }

    /// <summary>
    /// A text over pinned bytes with any memory after them. It loads 16 bytes at once unless they cross a page: a load
    /// within the page of the first byte cannot fault, whatever the rest of the page belongs to.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Utf8Text FromAnywhere(byte* start, int length) =>
        length > InlineBytes || StaysInPage(start, 16) ? FromPadded(start, length) : FromExact(start, length);

    /// <summary>A long text over bytes that are pinned.</summary>
    internal static Utf8Text OverPinned(ReadOnlySpan<byte> bytes) =>
        FromExact((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)), bytes.Length);

    // Through general registers: a cast of the vector would go through memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Utf8Text FromShort(Vector128<byte> bytes, int length) =>
        new(bytes.AsUInt64().ToScalar(), bytes.AsUInt64().GetElement(1) | ((ulong)length << 56));

    /// <summary>Writes the result of <see cref="FromAnywhere"/> directly to memory, without general registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Utf8Text* target, byte* start, int length)
    {
        if (length <= InlineBytes && StaysInPage(start, 16))
        {
            Vector128<byte> keep = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(KeepWindow), (nuint)(16 - length));
            (Vector128.Load(start) & keep).WithElement(15, (byte)length).Store((byte*)target);
        }
        else
        {
            *target = FromAnywhere(start, length);
        }
    }

    /// <summary>
    /// Whether a number of bytes from an address on are within one page of 4 KiB, the smallest page of any system.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool StaysInPage(byte* start, int bytes) => ((nuint)start & 4095) <= (nuint)(4096 - bytes);

    /// <summary>A text over pinned bytes, with no readable bytes past the end.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static Utf8Text FromExact(byte* start, int length)
    {
        if (length > InlineBytes)
        {
            return FromPadded(start, length);
        }

        Utf8Text text = default;
        new ReadOnlySpan<byte>(start, length).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<Utf8Text, byte>(ref text), length));
        return new Utf8Text(text._low, text._high | ((ulong)length << 56));
    }

    /// <summary>A text of at most <see cref="InlineBytes"/> bytes, copied into the struct.</summary>
    /// <returns>
    /// False if there are too many bytes; such a text needs memory of its own: use a string, or
    /// <see cref="Intern(ReadOnlySpan{byte})"/>.
    /// </returns>
    public static bool TryCreateInline(ReadOnlySpan<byte> bytes, out Utf8Text text)
    {
        text = default;
        if (bytes.Length > InlineBytes)
        {
            return false;
        }

        fixed (byte* start = bytes)
        {
            text = FromExact(start, bytes.Length);
        }

        return true;
    }

    /// <summary>
    /// A text over bytes of a block, for sources: a short text is copied into the struct; a longer text is valid as
    /// long as the block is held.
    /// </summary>
    /// <param name="block">The block. The source must hold it until the batch of its records is disposed of.</param>
    /// <param name="start">The start of the text, in bytes from the block's start.</param>
    /// <param name="length">Its length in bytes; they must not change any more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not inside the block.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Utf8Text Over(Block block, int start, int length)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start, (uint)block.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)(block.Length - start));
        return FromPadded(block.Address + start, length);
    }

    /// <summary>
    /// A text over memory of the caller, such as a mapped file, a native library's buffer or a pinned array: a short
    /// text is copied into the struct; a longer text is valid as long as the memory. Bytes past its end are never read
    /// from another page.
    /// </summary>
    /// <remarks>
    /// Only the caller knows how long that is. A source releases the memory in the <c>Dispose</c> of its
    /// <see cref="InputBatch{T}"/>. Operators copy what they keep for longer (states, windows).
    /// <code>
    /// byte[] buffer = GC.AllocateArray&lt;byte&gt;(4096, pinned: true);   // kept alive by its owner
    /// fixed (byte* start = buffer) { line = Utf8Text.Over(start + from, length); }
    /// </code>
    /// </remarks>
    /// <param name="start">The first byte; it must not move or change.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    public static Utf8Text Over(byte* start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return FromExact(start, length);
    }

    /// <summary>
    /// A text that lives as long as the process: for constants, look-up tables and tests. Equal bytes are stored once.
    /// </summary>
    /// <remarks>Memory grows with the number of distinct long texts; do not intern unbounded outside input.</remarks>
    public static Utf8Text Intern(ReadOnlySpan<byte> bytes) => Utf8TextInterning.Intern(bytes);

    /// <summary>A text that lives as long as the process; see <see cref="Intern(ReadOnlySpan{byte})"/>.</summary>
    public static Utf8Text Intern(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Utf8TextInterning.Intern(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Whether both hold the same bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(Utf8Text other) =>
        _high == other._high && (_low == other._low || (IsLong && Span.SequenceEqual(other.Span)));

    /// <summary>Whether the text consists of these bytes.</summary>
    public bool Equals(ReadOnlySpan<byte> bytes) => Span.SequenceEqual(bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Utf8Text other && Equals(other);

    /// <summary>A hash of the bytes, with a secret of the process.</summary>
    public override int GetHashCode() => (int)Hash();

    /// <summary>The hash of a short text; a meaningless number for a long one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint HashAsShort() => WordHash.Fold(Vector128.LoadUnsafe(ref Unsafe.As<ulong, byte>(ref Unsafe.AsRef(in _low))));

    /// <summary>
    /// Whether both have the same words in memory: never true for different texts, always true for equal short ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool AreSameWords(in Utf8Text left, in Utf8Text right) => left._low == right._low && left._high == right._high;

    /// <summary>The hash that key tables use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Hash() => Hash(default(ProcessSecret));

    /// <summary>
    /// The hash that determines which partition owns the text, also as a part of a struct's hash. It is computed from
    /// the words in this layout, and changes with it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Hash<TMixer>(in TMixer mixer)
        where TMixer : struct, IKeyMixer => IsLong ? HashLong(in mixer) : mixer.Fold(_low, _high);

    /// <summary>
    /// Parses one to eight digits as a number, all at once: no branch depends on their number. False for anything else.
    /// </summary>
    /// <remarks>
    /// One multiplication each combines digits to pairs, pairs to fours and fours to eight (Lemire, "Quickly parsing
    /// eight digits", 2018).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryParseFewDigits(out long value)
    {
        int length = (int)(_high >> 56);
        int shift = 64 - (8 * length);

        // The last digit moves to the highest byte; the bytes shifted in below count as leading zeros.
        ulong digits = (_low << shift) - (0x3030303030303030ul << shift);
        bool isNumber = (uint)(length - 1) < 8 && (((digits + 0x7676767676767676ul) | digits) & 0x8080808080808080ul) == 0;
        digits = (digits * 10) + (digits >> 8);
        digits = (((digits & 0x000000FF000000FFul) * 0x000F424000000064ul)
            + (((digits >> 16) & 0x000000FF000000FFul) * 0x0000271000000001ul)) >> 32;
        value = isNumber ? (long)digits : 0;
        return isNumber;
    }

    /// <summary>
    /// Parses the number of up to seven digits at the end of a long text, 0 if there is no digit; all at once, like
    /// <see cref="TryParseFewDigits"/>. False if more bytes must be examined.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryParseFewLastDigits(out long value, out int count)
    {
        value = 0;
        count = 0;
        if (!IsLong)
        {
            return false;
        }

        // The highest bit of each byte marks it as no digit; the last such byte is the one before the number.
        ulong last = *(ulong*)((byte*)_low + (uint)_high - 8);
        ulong nibbles = last ^ 0x3030303030303030ul;
        ulong others = (((nibbles & 0x7F7F7F7F7F7F7F7Ful) + 0x7676767676767676ul) | nibbles) & 0x8080808080808080ul;
        count = BitOperations.LeadingZeroCount(others) >> 3;
        if (others == 0)
        {
            return false;
        }

        // In two steps, so that nothing is left if there is no digit.
        ulong digits = nibbles & (ulong.MaxValue << (56 - (8 * count)) << 8);
        digits = (digits * 10) + (digits >> 8);
        value = (long)((((digits & 0x000000FF000000FFul) * 0x000F424000000064ul)
            + (((digits >> 16) & 0x000000FF000000FFul) * 0x0000271000000001ul)) >> 32);
        return true;
    }

    /// <summary>
    /// The text before a separator among the first 16 bytes of a long text, created from the bytes already loaded for
    /// the search.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryUpToInFirstBytes(byte separator, out Utf8Text part)
    {
        if (IsLong)
        {
            Vector128<byte> first = Vector128.Load((byte*)_low);
            uint found = Vector128.Equals(first, Vector128.Create(separator)).ExtractMostSignificantBits();
            if (found != 0)
            {
                int length = BitOperations.TrailingZeroCount(found);
                Vector128<byte> keep = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(KeepWindow), (nuint)(16 - length));
                part = FromShort(first & keep, length);
                return true;
            }
        }

        part = default;
        return false;
    }

    /// <summary>Byte order, which is code point order for valid UTF-8.</summary>
    public int CompareTo(Utf8Text other) => Span.SequenceCompareTo(other.Span);

    /// <summary>The text as a string; bytes that are not valid UTF-8 become U+FFFD.</summary>
    public override string ToString() => IsEmpty ? string.Empty : Encoding.UTF8.GetString(Span);

    /// <summary>The bytes as a new array.</summary>
    public byte[] ToArray() => Span.ToArray();

    /// <summary>Copies the bytes; false if they do not fit.</summary>
    public bool TryCopyTo(Span<byte> destination) => Span.TryCopyTo(destination);

    /// <summary>The part from <paramref name="start"/> of <paramref name="length"/> bytes; shares the memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the text.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Utf8Text Slice(int start, int length)
    {
        int total = Length;
        if ((uint)start > (uint)total || (uint)length > (uint)(total - start))
        {
            ThrowNotInside(start, length, total);
        }

        return IsLong ? FromAnywhere((byte*)_low + start, length) : SliceInline(start, length);
    }

    /// <summary>The part from <paramref name="start"/> to the end.</summary>
    public Utf8Text Slice(int start) => Slice(start, Length - start);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Encoding.UTF8.TryGetChars(Span, destination, out charsWritten);

    /// <inheritdoc/>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        bool fits = Span.TryCopyTo(utf8Destination);
        bytesWritten = fits ? Length : 0;
        return fits;
    }

    /// <summary>Whether both hold the same bytes.</summary>
    public static bool operator ==(Utf8Text left, Utf8Text right) => left.Equals(right);

    /// <summary>Whether the bytes differ.</summary>
    public static bool operator !=(Utf8Text left, Utf8Text right) => !left.Equals(right);

    /// <summary>Byte order.</summary>
    public static bool operator <(Utf8Text left, Utf8Text right) => left.CompareTo(right) < 0;

    /// <summary>Byte order.</summary>
    public static bool operator >(Utf8Text left, Utf8Text right) => left.CompareTo(right) > 0;

    /// <summary>Byte order.</summary>
    public static bool operator <=(Utf8Text left, Utf8Text right) => left.CompareTo(right) <= 0;

    /// <summary>Byte order.</summary>
    public static bool operator >=(Utf8Text left, Utf8Text right) => left.CompareTo(right) >= 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Utf8Text SliceInline(int start, int length)
    {
        fixed (ulong* first = &_low)
        {
            return FromExact((byte*)first + start, length);
        }
    }

    [DoesNotReturn]
    private static void ThrowNotInside(int start, int length, int total) =>
        throw Throw.OutOfRange(nameof(start), $"{start}..{start + length}", $"a part of a text of {total} bytes is expected");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint HashLong<TMixer>(in TMixer mixer)
        where TMixer : struct, IKeyMixer
    {
        byte* next = (byte*)_low;
        int length = (int)(uint)_high;
        byte* last = next + length - 16;
        ulong hash = (uint)length;
        while (next < last)
        {
            hash = mixer.Mix(*(ulong*)next ^ hash, *(ulong*)(next + 8));
            next += 16;
        }

        // The last 16 bytes, which may overlap the ones before; a long text has at least 16.
        return mixer.Fold(*(ulong*)last ^ hash, *(ulong*)(last + 8));
    }
}
