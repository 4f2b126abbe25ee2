using System.Buffers;

namespace FastStream;

/// <summary>The batches of a window in a checkpoint.</summary>
/// <remarks>
/// <code>| number of batches (4 bytes) | for each: | time (8) | its records, as <see cref="SavedRecords"/> has them |</code>
/// Records that are partitioned by key go to the partitions that own their keys; otherwise each saved part goes to one
/// partition.
/// </remarks>
internal sealed class WindowSnapshot<T> : IStateSnapshot
{
    private readonly DStream<T> _stream;
    private readonly IReadOnlyList<WindowOperator<T>> _partitions;
    private readonly IRecordSerializer<T> _records;
    private readonly SavedPanes<T> _loaded;
    private readonly KeySalt _salt;

    /// <exception cref="NotSupportedException">The records cannot be written, or their partition cannot be known.</exception>
    public WindowSnapshot(DStream<T> stream, IReadOnlyList<WindowOperator<T>> partitions, RecordSerializers serializers, KeySalt salt)
    {
        _salt = salt;
        if (stream.IsPartitionedByKey && stream.Partitioner is null)
        {
            throw new NotSupportedException(
                $"{stream.Name} cannot be part of a checkpoint: after MapPartitions with keepsKeys and another "
                + "type of record, the key is unknown. Put PartitionBy between the two.");
        }

        _stream = stream;
        _partitions = partitions;
        _records = serializers.Of<T>();
        _loaded = new SavedPanes<T>(partitions.Count);
    }

    public DStream Stream => _stream;

    public string Schema => $"batches of {_records.Schema}";

    public int PartCount => _partitions.Count;

    public bool IsByGroup => _stream.Partitioner is { IsByStableKey: true };

    public void Save(int part, IBufferWriter<byte> output)
    {
        WindowPane<T>[] panes = [.. _partitions[part].Saved()];
        StateWriter.WriteInt32(output, panes.Length);
        foreach (WindowPane<T> pane in panes)
        {
            StateWriter.WriteInt64(output, pane.Time.Milliseconds);
            foreach (ReadOnlySpan<T> block in pane.Records.Blocks)
            {
                SavedRecords.Write(block, _records, output);
            }

            SavedRecords.WriteEnd(output);
        }
    }

    public void Load(int part, int? owner, ReadOnlySpan<byte> bytes)
    {
        // Only the partitioner knows the key of a record.
        T[] records = new T[RecordBuffer.SpanRecords];
        int[] targets = new int[RecordBuffer.SpanRecords];
        for (int left = StateReader.ReadInt32(ref bytes); left > 0; left--)
        {
            var time = new BatchTime(StateReader.ReadInt64(ref bytes));
            _loaded.Begin(time);
            for (Span<T> span; !(span = SavedRecords.Read(ref bytes, _records, records)).IsEmpty;)
            {
                if (_stream.Partitioner is not { } partitioner)
                {
                    _loaded.Add(time, part % _partitions.Count, span);
                    continue;
                }

                partitioner.Targets(span, targets.AsSpan(0, span.Length), _partitions.Count, in _salt);
                for (int i = 0; i < span.Length; i++)
                {
                    _loaded.Add(time, targets[i], span.Slice(i, 1));
                }
            }
        }
    }

    public void EndLoad() => _loaded.Give((partition, pane) => _partitions[partition].Restore(pane));
}
