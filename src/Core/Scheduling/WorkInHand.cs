namespace FastStream;

/// <summary>What an engine waits for now, by name and batch, for messages about what takes too long. Safe from any thread.</summary>
internal sealed class WorkInHand
{
    /// <summary>The name of a batch's operators as a whole; the graph knows which ones are at work.</summary>
    public const string Operators = "its operators";

    /// <summary>The name of a batch as a whole; of interest where nothing else of it is in hand.</summary>
    public const string Batch = "the engine";

    private readonly Lock _lock = new();                // guards the fields below
    private readonly List<Item> _items = [];
    private int _lastNumber;

    /// <summary>What is in hand, oldest first; a copy. A batch as a whole only where no part of it is.</summary>
    public IReadOnlyList<Item> Now
    {
        get
        {
            lock (_lock)
            {
                return [.. _items.Where(item => item.Name != Batch
                    || !_items.Exists(other => other.Time == item.Time && other.Number != item.Number))];
            }
        }
    }

    /// <summary>Something begins; it ends when the result is disposed.</summary>
    /// <param name="name">Operator, output or input, or what is done in words.</param>
    /// <param name="time">The batch; null outside of batches.</param>
    public InHand Begin(string name, BatchTime? time)
    {
        lock (_lock)
        {
            _items.Add(new Item(++_lastNumber, name, time));
            return new InHand(this, _lastNumber);
        }
    }

    private void End(int number)
    {
        lock (_lock)
        {
            for (int i = 0; i < _items.Count; i++)
            {
                if (_items[i].Number == number)
                {
                    _items.RemoveAt(i);
                    return;
                }
            }
        }
    }

    public readonly record struct Item(int Number, string Name, BatchTime? Time);

    /// <summary>One thing that is in hand until this is disposed.</summary>
    public readonly struct InHand(WorkInHand work, int number) : IDisposable
    {
        public void Dispose() => work.End(number);
    }
}
