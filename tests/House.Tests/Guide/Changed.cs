using System.Buffers;

namespace FastStream.Tests.House.Guide;

public static class ChangedExtensions
{
    /// <summary>The pairs whose value is not the one that their key had last, in any batch.</summary>
    public static DStream<(string Key, long Value)> Changed(this DStream<(string Key, long Value)> stream) =>
        new ChangedStream(stream.PartitionBy());              // equal keys must meet
}

internal sealed class ChangedStream(DStream<(string Key, long Value)> parent)
    : DStream<(string Key, long Value)>(parent.Context, "Changed", parent)
{
    // Keys stay in their partitions: keyed operators behind need no exchange.
    public override IPartitioner<(string Key, long Value)>? Partitioner => parent.Partitioner;

    protected override void Connect(GraphBuilder graph, Operator<(string Key, long Value)>[] outputs) =>
        graph.Attach(parent, this, partition => new ChangedOperator(outputs[partition]));
}

internal sealed class ChangedOperator(Operator<(string Key, long Value)> next)
    : StatefulOperator<(string Key, long Value), (string Key, long Value)>(next)
{
    private readonly Dictionary<string, long> _last = [];     // as of the last accepted batch
    private readonly Dictionary<string, long> _pending = [];  // what the present batch has changed

    public override void OnRecords(ReadOnlySpan<(string Key, long Value)> items)
    {
        foreach ((string key, long value) in items)
        {
            bool isKnown = _pending.TryGetValue(key, out long last) || _last.TryGetValue(key, out last);
            if (!isKnown || last != value)
            {
                _pending[key] = value;
                Output.Add((key, value));
            }
        }
    }

    // The next batch begins, or a checkpoint is made: what this batch has changed is kept for good.
    protected override void Accept()
    {
        foreach ((string key, long value) in _pending)
        {
            _last[key] = value;
        }

        _pending.Clear();
    }

    // The batch failed or will run again.
    protected override void Undo() => _pending.Clear();

    protected override string? Schema => "last value of strings, 1";

    protected override void Save(KeyGroupWriter groups)
    {
        foreach ((string key, long value) in _last)
        {
            var writer = new StateWriter(groups.GroupOf(in key));
            writer.WriteString(key);
            writer.WriteInt64(value);
        }
    }

    protected override void Restore(ReadOnlySpan<byte> saved)
    {
        var reader = new StateReader(saved, "the last values");
        while (!reader.Rest.IsEmpty)
        {
            _last.Add(reader.ReadString(), reader.ReadInt64());
        }
    }
}
