using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace FastStream.Bench.Load;

/// <summary>
/// Counts of the words that are too long for <see cref="WordTable"/>. They are few, so a Dictionary does. Its keys stay
/// when a batch ends, so that the next batch allocates only for words never seen before.
/// </summary>
internal sealed class LongWords
{
    private readonly Dictionary<byte[], uint> _counts = new(new BytesComparer());
    private readonly Dictionary<byte[], uint>.AlternateLookup<ReadOnlySpan<byte>> _countsBySpan;

    public LongWords() => _countsBySpan = _counts.GetAlternateLookup<ReadOnlySpan<byte>>();

    public void Count(ReadOnlySpan<byte> word) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_countsBySpan, word, out _)++;

    /// <summary>The checksum of the batch's counts; sets them to zero.</summary>
    public Checksum EndBatch()
    {
        Checksum batch = default;
        foreach ((byte[] word, uint count) in _counts)
        {
            if (count != 0)
            {
                batch = batch.Add(Checksum.Hash(word), count);

                // By reference, because that is no change of the dictionary that would end the enumeration.
                CollectionsMarshal.GetValueRefOrNullRef(_counts, word) = 0;
            }
        }

        return batch;
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => (int)Checksum.Hash(obj);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)Checksum.Hash(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
