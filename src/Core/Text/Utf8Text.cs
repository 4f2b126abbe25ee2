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
/// A piece of UTF-8 text in 16 bytes, without an object: up to 15 bytes lie in the struct itself, longer text is an address into a
/// pooled block of received bytes.
/// </summary>
/// <remarks>
/// A long text is valid as long as its batch is (or the output or slice that retained the batch). What must live longer becomes a
/// <see cref="string"/> by <see cref="ToString()"/>, bytes by <see cref="ToArray"/>, or a process-wide constant by
/// <see cref="Intern(string)"/>. Bytes are kept as they came: nothing is validated or normalised until a conversion
/// asks for it. Comparison is ordinal, by bytes.
/// <code>
/// short: | up to 15 bytes of text, then zeros                          | length 0..15 |
/// long:  | address (8 bytes) | length (4 bytes) | first 3 bytes (3)    | 255          |
/// </code>
/// The layout follows the "German strings" of Umbra (Neumann and Freitag, CIDR 2020): a table compares two words instead of following
/// pointers. docs/decisions/0002-utf8-text.md has the measurements. Immutable; safe from any thread while valid.
/// </remarks>
[DebuggerDisplay("{ToString()}")]
[StructLayout(LayoutKind.Sequential)]
[JsonConverter(typeof(Utf8TextJsonConverter))]
public readonly unsafe struct Utf8Text : IEquatable<Utf8Text>, IComparable<Utf8Text>, ISpanFormattable, IUtf8SpanFormattable
{
    /// <summary>The most bytes that lie in the struct itself: 15. Text up to this length never expires.</summary>
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

    /// <summary>Whether the text lies in the struct and so never expires.</summary>
    public bool IsInline => !IsLong;

    /// <summary>
    /// The bytes. For short text the span lies in this very variable: it must not outlive it (the compiler sees to
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

    // Loaded from 16 - n on, it keeps the first n of 16 bytes.
    private static ReadOnlySpan<byte> KeepWindow =>
    [
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>
    /// The bytes of a long text. Unlike <see cref="Span"/> it needs no address of this variable, which can so stay in
    /// registers.
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
    /// A text over pinned bytes with anything behind them. 16 bytes are loaded at once unless they cross a page: a load
    /// inside the page that holds the first byte cannot fault, whatever the rest of it belongs to.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Utf8Text FromAnywhere(byte* start, int length) =>
        length > InlineBytes || StaysInPage(start, 16) ? FromPadded(start, length) : FromExact(start, length);

    /// <summary>A long text over bytes that are pinned.</summary>
    internal static Utf8Text OverPinned(ReadOnlySpan<byte> bytes) =>
        FromExact((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)), bytes.Length);

    // By way of general registers: a cast of the vector would go through memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Utf8Text FromShort(Vector128<byte> bytes, int length) =>
        new(bytes.AsUInt64().ToScalar(), bytes.AsUInt64().GetElement(1) | ((ulong)length << 56));

    /// <summary>Writes what <see cref="FromAnywhere"/> gives, without a detour over registers.</summary>
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

    /// <summary>Whether so many bytes from an address on lie in one page of 4 KiB, the smallest that a system has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool StaysInPage(byte* start, int bytes) => ((nuint)start & 4095) <= (nuint)(4096 - bytes);

    /// <summary>A text over pinned bytes, of which none past the end may be read.</summary>
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
    /// False if the bytes are too many; such text needs memory to lie in: a string, or
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
    /// A text over bytes of a block, for sources: short text is copied into the struct, longer text is valid as long as
    /// somebody holds the block.
    /// </summary>
    /// <param name="block">The block. Whoever makes records of it holds it until their batch is done with.</param>
    /// <param name="start">Where the text begins, in bytes from the block's start.</param>
    /// <param name="length">Its bytes; they must not change any more.</param>
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
    /// A text over memory that is somebody else's, such as a mapped file, a native library's buffer or a pinned array:
    /// short text is copied into the struct, longer text is valid as long as the memory is. Nothing behind its end is
    /// read from another page.
    /// </summary>
    /// <remarks>
    /// Nobody but the caller knows how long that is. A source gives the memory back when its batch is done with: in
    /// <see cref="InputBatch{T}"/>'s <c>Dispose</c>. What operators keep for longer
    /// (states, windows) they copy.
    /// <code>
    /// byte[] buffer = GC.AllocateArray&lt;byte&gt;(4096, pinned: true);   // held by whoever made it
    /// fixed (byte* start = buffer) { line = Utf8Text.Over(start + from, length); }
    /// </code>
    /// </remarks>
    /// <param name="start">The first byte; it must not move or change.</param>
    /// <param name="length">Its bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    public static Utf8Text Over(byte* start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return FromExact(start, length);
    }

    /// <summary>A text that lives as long as the process: for constants, look-up tables and tests. Equal bytes are kept once.</summary>
    /// <remarks>Memory grows with the number of different long texts; do not intern what comes from outside without a bound.</remarks>
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

    /// <summary>Whether the text is these bytes.</summary>
    public bool Equals(ReadOnlySpan<byte> bytes) => Span.SequenceEqual(bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Utf8Text other && Equals(other);

    /// <summary>A hash of the bytes, with a secret of the process.</summary>
    public override int GetHashCode() => (int)Hash();

    /// <summary>The hash, if the text is short; a number without meaning, if it is long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint HashAsShort() => WordHash.Fold(Vector128.LoadUnsafe(ref Unsafe.As<ulong, byte>(ref Unsafe.AsRef(in _low))));

    /// <summary>Whether both are the same words in memory: never for different texts, always for equal short ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool AreSameWords(in Utf8Text left, in Utf8Text right) => left._low == right._low && left._high == right._high;

    /// <summary>The hash that key tables use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Hash() => Hash(default(ProcessSecret));

    /// <summary>
    /// The hash that says which partition owns the text, or what a struct with it is hashed by. It is made of the words
    /// as they lie here: it changes where their layout does.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Hash<TMixer>(in TMixer mixer)
        where TMixer : struct, IKeyMixer => IsLong ? HashLong(in mixer) : mixer.Fold(_low, _high);

    /// <summary>One to eight digits as a number, all at once: no branch depends on how many there are. False for anything else.</summary>
    /// <remarks>
    /// Digits to pairs, pairs to fours, fours to eight, by a multiplication each (Lemire, "Quickly parsing eight
    /// digits", 2018).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryParseFewDigits(out long value)
    {
        int length = (int)(_high >> 56);
        int shift = 64 - (8 * length);

        // The last digit moves to the highest byte; what comes in below counts as leading zeros.
        ulong digits = (_low << shift) - (0x3030303030303030ul << shift);
        bool isNumber = (uint)(length - 1) < 8 && (((digits + 0x7676767676767676ul) | digits) & 0x8080808080808080ul) == 0;
        digits = (digits * 10) + (digits >> 8);
        digits = (((digits & 0x000000FF000000FFul) * 0x000F424000000064ul)
            + (((digits >> 16) & 0x000000FF000000FFul) * 0x0000271000000001ul)) >> 32;
        value = isNumber ? (long)digits : 0;
        return isNumber;
    }

    /// <summary>
    /// The number of up to seven digits that ends a long text, 0 where there is no digit; all at once, like
    /// <see cref="TryParseFewDigits"/>. False where more must be looked at.
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

        // The highest bit of each byte says that it is no digit; the last such byte stands before the number.
        ulong last = *(ulong*)((byte*)_low + (uint)_high - 8);
        ulong nibbles = last ^ 0x3030303030303030ul;
        ulong others = (((nibbles & 0x7F7F7F7F7F7F7F7Ful) + 0x7676767676767676ul) | nibbles) & 0x8080808080808080ul;
        count = BitOperations.LeadingZeroCount(others) >> 3;
        if (others == 0)
        {
            return false;
        }

        // In two steps, so that no digit at all leaves nothing.
        ulong digits = nibbles & (ulong.MaxValue << (56 - (8 * count)) << 8);
        digits = (digits * 10) + (digits >> 8);
        value = (long)((((digits & 0x000000FF000000FFul) * 0x000F424000000064ul)
            + (((digits >> 16) & 0x000000FF000000FFul) * 0x0000271000000001ul)) >> 32);
        return true;
    }

    /// <summary>
    /// The text before a separator that stands among the first 16 bytes of a long text, made of the bytes that were
    /// searched.
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

        // The last 16 bytes, which may overlap the ones before: a long text has at least 16.
        return mixer.Fold(*(ulong*)last ^ hash, *(ulong*)(last + 8));
    }
}
