using System.IO.Hashing;
using FASTER.core;

namespace FastStream;

/// <summary>The place, among the keys asked for, of the one whose value FASTER gives.</summary>
internal struct Asked
{
    public int Index;
}

/// <summary>Takes values from where FASTER has them, in memory or just read, without a copy.</summary>
internal sealed class StoreFunctions : SpanByteFunctions<SpanByte, Asked, Empty>
{
    /// <summary>Takes a value; null while nothing is read.</summary>
    public StoredValueReader? Found { get; set; }

    /// <summary>Takes the address of a value.</summary>
    public Action<int, long>? FoundAt { get; set; }

    public override bool SingleReader(ref SpanByte key, ref SpanByte input, ref SpanByte value, ref Asked dst, ref ReadInfo readInfo) =>
        Give(dst.Index, ref value, readInfo.Address);

    public override bool ConcurrentReader(ref SpanByte key, ref SpanByte input, ref SpanByte value, ref Asked dst,
        ref ReadInfo readInfo) => Give(dst.Index, ref value, readInfo.Address);

    private bool Give(int index, ref SpanByte value, long address)
    {
        Found?.Invoke(index, value.AsReadOnlySpan());
        FoundAt?.Invoke(index, address);
        return true;
    }
}

/// <summary>
/// Compares keys by their bytes; the hash begins with a number of the store's own, so that nobody can choose keys that
/// all fall into one bucket.
/// </summary>
internal sealed class SeededComparer(long seed) : IFasterEqualityComparer<SpanByte>
{
    public long GetHashCode64(ref SpanByte key) => (long)XxHash3.HashToUInt64(key.AsReadOnlySpan(), seed);

    public bool Equals(ref SpanByte left, ref SpanByte right) => left.AsReadOnlySpan().SequenceEqual(right.AsReadOnlySpan());
}
