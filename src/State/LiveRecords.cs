namespace FastStream;

/// <summary>
/// Copies of some records of a scan, kept until it is known which of them are the newest of their keys.
/// </summary>
internal sealed class LiveRecords(int capacity)
{
    private readonly (int Key, int Value, int End, long Address, bool IsLive)[] _records = new (int, int, int, long, bool)[capacity];
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);   // FASTER points at keys while it reads
    private int _used;

    public int Count { get; private set; }

    public bool IsFull => Count == _records.Length;

    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long address)
    {
        int end = _used + key.Length + value.Length;
        if (end > _bytes.Length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Max(end, 2 * _bytes.Length), pinned: true);
            _bytes.AsSpan(0, _used).CopyTo(larger);
            _bytes = larger;
        }

        key.CopyTo(_bytes.AsSpan(_used));
        value.CopyTo(_bytes.AsSpan(_used + key.Length));
        _records[Count++] = (_used, _used + key.Length, end, address, false);
        _used = end;
    }

    /// <summary>Marks a record as live if it has the address of its key's newest record.</summary>
    public void MarkIfAt(int index, long address) => _records[index].IsLive = _records[index].Address == address;

    public bool IsLive(int index) => _records[index].IsLive;

    public ReadOnlySpan<byte> KeyAt(int index) => _bytes.AsSpan(_records[index].Key.._records[index].Value);

    public ReadOnlySpan<byte> ValueAt(int index) => _bytes.AsSpan(_records[index].Value.._records[index].End);

    public void Clear() => (Count, _used) = (0, 0);
}
