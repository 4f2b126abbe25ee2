namespace FastStream;

/// <summary>
/// Which partition owns a key that a checkpoint has: for a part of which all keys have one owner, that one, once the
/// first keys have shown that it still is.
/// </summary>
/// <remarks>
/// A type whose fields have other names or another order than when it was written may hash differently, and still be
/// read: then each key says where it belongs.
/// </remarks>
/// <param name="owner">The partition that is said to own all keys of the part; null where each key says it.</param>
/// <param name="partitions">Partitions now.</param>
/// <param name="salt">The job's salt.</param>
internal struct SavedKeyOwner(int? owner, int partitions, KeySalt salt)
{
    private readonly KeySalt _salt = salt;
    private int? _owner = owner;
    private int _left = RecordBuffer.SpanRecords;   // keys to be looked at

    /// <summary>The partition of the next key.</summary>
    public int Of<TKey>(in TKey key)
    {
        if (_owner is { } known && _left == 0)
        {
            return known;
        }

        int partition = KeyGroups.PartitionOf(PartitionHash.Of(in key, in _salt), partitions);
        _left -= _left > 0 ? 1 : 0;
        _owner = partition == _owner ? _owner : null;
        return partition;
    }
}
