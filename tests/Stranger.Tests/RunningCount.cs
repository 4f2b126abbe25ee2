using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using FastStream;

namespace Acme;

/// <summary>How often each key has come since the program first started; after each batch the counts of the keys that came in it.</summary>
public static class RunningCountExtensions
{
    public static DStream<(string Key, long Value)> RunningCount<TValue>(this DStream<(string Key, TValue Value)> stream) =>
        new RunningCountStream<TValue>(stream.PartitionBy());
}

internal sealed class RunningCountStream<TValue>(DStream<(string Key, TValue Value)> parent)
    : DStream<(string Key, long Value)>(parent.Context, "RunningCount", parent)
{
    public override IPartitioner<(string Key, long Value)>? Partitioner =>
        parent.IsPartitionedByKey ? Partitioners.Hash<string, long>() : null;

    public override bool HasUniqueKeys => true;

    protected override void Connect(GraphBuilder graph, Operator<(string Key, long Value)>[] outputs)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(outputs);
        graph.Attach(parent, this, partition => new RunningCountOperator<TValue>(outputs[partition]));
    }
}

internal sealed class RunningCountOperator<TValue>(Operator<(string Key, long Value)> next)
    : StatefulOperator<(string Key, TValue Value), (string Key, long Value)>(next)
{
    private readonly Dictionary<string, long> _counts = [];   // accepted
    private readonly Dictionary<string, long> _changes = [];  // of the batch that runs, or has run last

    public override void OnRecords(ReadOnlySpan<(string Key, TValue Value)> items)
    {
        foreach ((string key, _) in items)
        {
            _changes[key] = _changes.GetValueOrDefault(key, _counts.GetValueOrDefault(key)) + 1;
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        foreach ((string key, long count) in _changes)
        {
            Output.Add((key, count));
        }

        base.OnBatchEnd(batch);
    }

    protected override void Accept()
    {
        foreach ((string key, long count) in _changes)
        {
            _counts[key] = count;
        }

        _changes.Clear();
    }

    protected override void Undo() => _changes.Clear();

    protected override string? Schema => "counts of strings, 1";

    protected override void Save(KeyGroupWriter groups)
    {
        foreach ((string key, long count) in _counts)
        {
            IBufferWriter<byte> group = groups.GroupOf(in key);
            byte[] text = Encoding.UTF8.GetBytes(key);
            Span<byte> head = group.GetSpan(12);
            BinaryPrimitives.WriteInt64LittleEndian(head, count);
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], text.Length);
            group.Advance(12);
            group.Write(text);
        }
    }

    protected override void Restore(ReadOnlySpan<byte> saved)
    {
        while (!saved.IsEmpty)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(saved[8..]);
            _counts.Add(Encoding.UTF8.GetString(saved.Slice(12, length)), BinaryPrimitives.ReadInt64LittleEndian(saved));
            saved = saved[(12 + length)..];
        }
    }
}
