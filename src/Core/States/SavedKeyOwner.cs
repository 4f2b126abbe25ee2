namespace FastStream;

/// <summary>
/// Finds the partition that owns a key in a checkpoint. If one partition is said to own all keys of a part, it is that
/// one, once the first keys have shown that it still is.
/// </summary>
/// <remarks>
/// A type whose fields were renamed or reordered after it was written may hash differently, and still be readable: then
/// the hash of each key decides.
/// </remarks>
/// <param name="owner">The partition that is said to own all keys of the part; null if the hash of each key decides.</param>
/// <param name="partitions">The number of partitions now.</param>
/// <param name="salt">The job's salt.</param>
internal struct SavedKeyOwner(int? owner, int partitions, KeySalt salt)
{
    private readonly KeySalt _salt = salt;
    private int? _owner = owner;
    private int _left = RecordBuffer.SpanRecords;   // keys still to be checked

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
