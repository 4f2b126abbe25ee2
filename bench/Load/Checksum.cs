using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace FastStream.Bench.Load;

/// <summary>
/// What a job says about its results, so that two implementations can be compared without keeping the results.
/// Within a batch the order of the results does not matter; between batches it does, so a record that slips into the
/// neighbouring batch is noticed.
/// </summary>
/// <param name="Count">Results of the batch: matching lines, distinct words or distinct addresses.</param>
/// <param name="Sum">Sum over the results of <see cref="Hash(ReadOnlySpan{byte})"/>, weighted as the workload says.</param>
public readonly record struct Checksum(long Count, ulong Sum)
{
    private const ulong Key0 = 0xA0761D6478BD642F;
    private const ulong Key1 = 0xE7037ED1A0B428DB;
    private const ulong Key2 = 0x8EBC6AF09C88C6E3;

    // Longer lines than this are rare, and go through an array instead of the stack.
    private const int StackBytes = 512;

    /// <summary>Adds one result to a batch: a matching line has weight 1, a word its count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Checksum Add(ulong hash, ulong weight) => new(Count + 1, Sum + (hash * weight));

    /// <summary>Adds an address with its two aggregates to a batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Checksum Add(ulong hash, long requestCount, long byteCount) =>
        Add(hash, (ulong)((requestCount * 31) + byteCount));

    /// <summary>Joins two parts of one batch, for example of two partitions; order does not matter.</summary>
    public Checksum Merge(Checksum other) => new(Count + other.Count, Sum + other.Sum);

    /// <summary>Appends the next batch; order matters.</summary>
    public Checksum Then(Checksum nextBatch)
    {
        ulong nextSum = (nextBatch.Sum ^ Key1) + (ulong)nextBatch.Count;
        return new(Count + nextBatch.Count, Mix(BitOperations.RotateLeft(Sum, 23) ^ Key0, nextSum));
    }

    /// <summary>
    /// A 64-bit hash in the manner of wyhash: the same on every machine, one multiplication for 16 bytes.
    /// </summary>
    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ulong state = Key0 ^ (ulong)bytes.Length;
        while (bytes.Length > 16)
        {
            ulong head = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            state = Mix(head ^ Key1, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ state);
            bytes = bytes[16..];
        }

        // The two reads overlap where fewer than 16 bytes are left; the length, mixed in above, tells such cases apart.
        ulong first = 0;
        ulong last = 0;
        if (bytes.Length >= 8)
        {
            first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            last = BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]);
        }
        else if (bytes.Length >= 4)
        {
            first = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            last = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]);
        }
        else if (bytes.Length > 0)
        {
            first = (ulong)((bytes[0] << 16) | (bytes[bytes.Length >> 1] << 8) | bytes[^1]);
        }

        return Mix(state ^ Key2, Mix(first ^ Key1, last ^ state));
    }

    /// <summary>The hash of the text's UTF-8 bytes.</summary>
    public static ulong Hash(ReadOnlySpan<char> text)
    {
        int byteCount = Encoding.UTF8.GetByteCount(text);
        Span<byte> bytes = byteCount <= StackBytes ? stackalloc byte[byteCount] : new byte[byteCount];
        Encoding.UTF8.GetBytes(text, bytes);
        return Hash(bytes);
    }

    /// <inheritdoc cref="Hash(ReadOnlySpan{char})"/>
    public static ulong Hash(string text) => Hash(text.AsSpan());

    /// <inheritdoc/>
    public override string ToString() => $"{Count}:{Sum:x16}";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
