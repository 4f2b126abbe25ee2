using System.IO.Hashing;
using FASTER.core;

namespace FastStream;

/// <summary>The index of a requested key, which FASTER passes back with its value.</summary>
internal struct Asked
{
    public int Index;
}

/// <summary>Reads values where FASTER has them, in memory or just read from the disk, without a copy.</summary>
internal sealed class StoreFunctions : SpanByteFunctions<SpanByte, Asked, Empty>
{
    /// <summary>Called with each value; null while nothing is read.</summary>
    public StoredValueReader? Found { get; set; }

    /// <summary>Called with the address of each value; null while no addresses are needed.</summary>
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
/// Compares keys by their bytes; each store seeds the hash with a number of its own, so that nobody can choose keys
/// that all fall into one bucket.
/// </summary>
internal sealed class SeededComparer(long seed) : IFasterEqualityComparer<SpanByte>
{
    public long GetHashCode64(ref SpanByte key) => (long)XxHash3.HashToUInt64(key.AsReadOnlySpan(), seed);

    public bool Equals(ref SpanByte left, ref SpanByte right) => left.AsReadOnlySpan().SequenceEqual(right.AsReadOnlySpan());
}
