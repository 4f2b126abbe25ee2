using System.Numerics;

namespace FastStream;

/// <summary>
/// When the numbers of a table must be checked again: at most one timer for each number, which may be early but never late.
/// </summary>
/// <remarks>
/// <code>
/// | due | numbers … | due | numbers … |   in the order of time; the further away, the coarser
/// </code>
/// Touching a key files nothing: when its timer is due, the caller files the number again under the time that it has
/// now. A distant time is rounded down, by up to a 64th of the way to it, so that there are a few hundred slots at
/// most, however short batches and however long time-outs are: a number comes back a few times on its way. (Varghese
/// and Lauck, "Hashed and hierarchical timing wheels", 1987; many network stacks re-arm timers like this when they are
/// due.) Timers are hints, and no part of a batch: undoing a batch leaves them as they are. Not thread safe.
/// </remarks>
internal sealed class TimerWheel
{
    private const int RoundingBits = 6;

    private readonly List<Slot> _slots = [];          // in the order of time
    private readonly Stack<PooledList<int>> _free = [];
    private readonly PooledList<int> _popped = new();
    private ulong[] _filed = [];                      // by number: a bit that is set if there is a timer

    /// <summary>The time of the first timer; null if there is none.</summary>
    public long? First => _slots.Count == 0 ? null : _slots[0].Due;

    /// <summary>Whether a number has a timer.</summary>
    public bool Has(int number) => (uint)(number >> 6) < (uint)_filed.Length && (_filed[number >> 6] & (1UL << (number & 63))) != 0;

    /// <summary>Files a timer for a number that has none.</summary>
    /// <param name="number">The number.</param>
    /// <param name="due">When the number must be checked: after <paramref name="now"/>.</param>
    /// <param name="now">Times up to this one are over.</param>
    public void File(int number, long due, long now)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)(due - now)) - RoundingBits);
        SlotAt((due >> shift) << shift).Numbers.Add(number);
        if (number >> 6 >= _filed.Length)
        {
            Array.Resize(ref _filed, Math.Max(2 * _filed.Length, (number >> 6) + 1));
        }

        _filed[number >> 6] |= 1UL << (number & 63);
    }

    /// <summary>
    /// Adds the numbers whose timers are due at a time or before to a list, oldest first; they keep their timers.
    /// </summary>
    public void CopyDue(long time, PooledList<int> numbers)
    {
        for (int i = 0; i < _slots.Count && _slots[i].Due <= time; i++)
        {
            numbers.AddRange(_slots[i].Numbers.Span);
        }
    }

    /// <summary>
    /// Removes the timers that are due at a time or before, and returns their numbers. Valid until the next call.
    /// </summary>
    public ReadOnlySpan<int> Pop(long time)
    {
        _popped.Clear();
        int count = 0;
        for (; count < _slots.Count && _slots[count].Due <= time; count++)
        {
            PooledList<int> numbers = _slots[count].Numbers;
            foreach (int number in numbers.Span)
            {
                _filed[number >> 6] &= ~(1UL << (number & 63));
            }

            _popped.AddRange(numbers.Span);
            numbers.Clear();
            _free.Push(numbers);
        }

        _slots.RemoveRange(0, count);
        return _popped.Span;
    }

    private Slot SlotAt(long due)
    {
        // Usually the last slot, that of the batch being filed.
        int index = _slots.Count;
        while (index > 0 && _slots[index - 1].Due > due)
        {
            index--;
        }

        if (index == 0 || _slots[index - 1].Due != due)
        {
            _slots.Insert(index, new Slot(due, _free.TryPop(out PooledList<int>? numbers) ? numbers : new PooledList<int>()));
            return _slots[index];
        }

        return _slots[index - 1];
    }

    private readonly record struct Slot(long Due, PooledList<int> Numbers);
}
