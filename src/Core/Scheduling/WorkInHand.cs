namespace FastStream;

/// <summary>
/// The work that an engine waits for now, by name and batch, for messages about work that takes too long. Safe from any
/// thread.
/// </summary>
internal sealed class WorkInHand
{
    /// <summary>The name of a batch's operators as a whole; the graph knows which ones run now.</summary>
    public const string Operators = "its operators";

    /// <summary>The name of a batch as a whole; shown only if no part of it is in progress.</summary>
    public const string Batch = "the engine";

    private readonly Lock _lock = new();                // guards the fields below
    private readonly List<Item> _items = [];
    private int _lastNumber;

    /// <summary>
    /// A copy of the work in progress, oldest first. It includes a batch as a whole only if no part of it is in
    /// progress.
    /// </summary>
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

    /// <summary>Begins a piece of work; it ends when the result is disposed of.</summary>
    /// <param name="name">The operator, output or input, or a description of the work.</param>
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

    /// <summary>One piece of work in progress; disposing of this ends it.</summary>
    public readonly struct InHand(WorkInHand work, int number) : IDisposable
    {
        public void Dispose() => work.End(number);
    }
}
