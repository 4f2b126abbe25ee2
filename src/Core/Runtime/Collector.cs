using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>The end of a chain, for one partition: keeps the batch's records in pooled arrays until the output takes them.</summary>
internal sealed class Collector<T> : LastOperator<T>
{
    private const int SmallestBlockRecords = 128;
    private const int LargestBlockRecords = 8192;

    private List<ArraySegment<T>> _blocks = [];   // full blocks and, last, the one being filled
    private T[] _filling = [];                    // array of the last block
    private int _count;                           // records in it
    private int _nextBlockRecords = SmallestBlockRecords;   // blocks grow within a batch, so that small batches take little

    public override void OnRecords(ReadOnlySpan<T> items)
    {
        while (!items.IsEmpty)
        {
            if (_count == _filling.Length)
            {
                Seal();
                _filling = ArrayPool<T>.Shared.Rent(Math.Max(_nextBlockRecords, items.Length));
                _nextBlockRecords = Math.Min(_nextBlockRecords * 4, LargestBlockRecords);
            }

            int taken = Math.Min(items.Length, _filling.Length - _count);
            items[..taken].CopyTo(_filling.AsSpan(_count));
            _count += taken;
            items = items[taken..];
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        Seal();
        _nextBlockRecords = SmallestBlockRecords;
    }

    public override void Reset(BatchContext batch) => Forget();

    /// <summary>Gives back what was gathered.</summary>
    public void Forget()
    {
        Seal();
        Return(Take());
    }

    /// <summary>Takes the gathered blocks out.</summary>
    public List<ArraySegment<T>> Take()
    {
        List<ArraySegment<T>> blocks = _blocks;
        _blocks = [];
        return blocks;
    }

    /// <summary>Takes what was gathered as a batch of one partition, to be released.</summary>
    public Batch<T> TakeBatch(BatchContext batch)
    {
        Seal();
        return new Batch<T>(batch, batch.Time, [Take()]);
    }

    public static void Return(List<ArraySegment<T>> blocks)
    {
        foreach (ArraySegment<T> block in blocks)
        {
            ArrayPool<T>.Shared.Return(block.Array!, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        }

        blocks.Clear();
    }

    /// <summary>Ends the block being filled.</summary>
    public void Seal()
    {
        if (_count > 0)
        {
            _blocks.Add(new ArraySegment<T>(_filling, 0, _count));
        }

        _filling = [];
        _count = 0;
    }
}
