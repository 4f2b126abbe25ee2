using System.Buffers;

namespace FastStream;

/// <summary>The keys and batches of a keyed window in a checkpoint.</summary>
/// <remarks><code>
/// | number of keys (4 bytes) | for each: | key | batches counted in its value (4) | the value, if there are |
/// | number of batches (4) | for each: | time (8) | 1 if it is counted in the values | pairs (4), each |
/// pair: | which of the keys (4) | value |
/// </code></remarks>
internal sealed class KeyedWindowSnapshot<TKey, TValue>(DStream stream,
    IReadOnlyList<KeyedWindowOperator<TKey, TValue>> partitions, RecordSerializers serializers, KeySalt salt) : IStateSnapshot
{
    private readonly IRecordSerializer<TKey> _keys = serializers.Of<TKey>();
    private readonly IRecordSerializer<TValue> _values = serializers.Of<TValue>();
    private readonly SavedPanes<NumberedValue<TValue>> _loaded = new(partitions.Count);
    private readonly HashSet<BatchTime> _counted = [];
    private readonly KeySalt _salt = salt;

    public DStream Stream => stream;

    public string Schema => $"{(partitions[0].KeepsValues ? "incremental window" : "window")} of {_values.Schema} by {_keys.Schema}";

    public int PartCount => partitions.Count;

    public bool IsByGroup => PartitionHash.IsStable<TKey>();

    public void Save(int part, IBufferWriter<byte> output)
    {
        KeyedWindowOperator<TKey, TValue> window = partitions[part];
        IReadOnlyCollection<WindowPane<NumberedValue<TValue>>> panes = window.Saved();
        int[] places = SaveKeys(window, output);
        StateWriter.WriteInt32(output, panes.Count);
        foreach (WindowPane<NumberedValue<TValue>> pane in panes)
        {
            StateWriter.WriteInt64(output, pane.Time.Milliseconds);
            StateWriter.WriteFlag(output, pane.IsCounted);
            StateWriter.WriteInt32(output, pane.Count);
            foreach (ReadOnlySpan<NumberedValue<TValue>> block in pane.Records.Blocks)
            {
                foreach (ref readonly NumberedValue<TValue> item in block)
                {
                    StateWriter.WriteInt32(output, places[item.Number]);
                    _values.Write(in item.Value, output);
                }
            }
        }
    }

    public void Load(int part, int? owner, ReadOnlySpan<byte> bytes)
    {
        (int Partition, int Number)[] keys = LoadKeys(owner, ref bytes);
        for (int left = StateReader.ReadInt32(ref bytes); left > 0; left--)
        {
            var time = new BatchTime(StateReader.ReadInt64(ref bytes));
            _loaded.Begin(time);
            if (bytes[0] != 0)
            {
                _counted.Add(time);
            }

            bytes = bytes[1..];
            for (int pairs = StateReader.ReadInt32(ref bytes); pairs > 0; pairs--)
            {
                (int partition, int number) = keys[StateReader.ReadInt32(ref bytes)];
                var item = new NumberedValue<TValue> { Number = number, Value = _values.Read(ref bytes) };
                _loaded.Add(time, partition, new ReadOnlySpan<NumberedValue<TValue>>(in item));
            }
        }
    }

    public void EndLoad()
    {
        _loaded.Give((partition, pane) =>
        {
            pane.IsCounted = _counted.Contains(pane.Time);
            partitions[partition].Restore(pane);
        });
        _counted.Clear();
    }

    // Writes the keys, and returns the position of each by its number.
    private int[] SaveKeys(KeyedWindowOperator<TKey, TValue> window, IBufferWriter<byte> output)
    {
        int[] places = new int[window.Table.End];
        int count = 0;
        StateWriter.WriteInt32(output, window.Table.Count);
        for (int number = 0; number < places.Length; number++)
        {
            if (window.Table.GetCursor().IsUsed(number))
            {
                places[number] = count++;
                ref WindowEntry<TValue> entry = ref window.Table.ValueAt(number);
                int counted = window.KeepsValues ? entry.Mark : 0;
                _keys.Write(in window.Table.KeyAt(number), output);
                StateWriter.WriteInt32(output, counted);
                if (counted > 0)
                {
                    _values.Write(in entry.Value, output);
                }
            }
        }

        return places;
    }

    private (int Partition, int Number)[] LoadKeys(int? owner, ref ReadOnlySpan<byte> bytes)
    {
        var keys = new (int Partition, int Number)[StateReader.ReadInt32(ref bytes)];
        var owners = new SavedKeyOwner(owner, partitions.Count, _salt);
        for (int i = 0; i < keys.Length; i++)
        {
            TKey key = _keys.Read(ref bytes);
            int partition = owners.Of(in key);
            KeyedTable<TKey, WindowEntry<TValue>> table = partitions[partition].Table;
            int number = table.GetOrAdd(KeyHash.Of(in key), in key, out _);
            int counted = StateReader.ReadInt32(ref bytes);
            if (counted > 0)
            {
                table.ValueAt(number) = new WindowEntry<TValue> { Mark = counted, Value = _values.Read(ref bytes) };
            }

            keys[i] = (partition, number);
        }

        return keys;
    }
}
